"""What Sealane does, as functions a command or a server calls. The only room that names concrete drivers."""
