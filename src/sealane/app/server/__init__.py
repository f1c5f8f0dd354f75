"""The server's inside: the world of documents, what is done with a call, and the loop that makes the network so."""
