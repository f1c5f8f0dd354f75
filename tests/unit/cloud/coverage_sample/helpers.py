LENGTH = 3


def named(call):
    return call.text("InHelper")[:LENGTH]


def reexported(call):
    return call.text("InReexported")


def aliased(call):
    return call.text("InAliased")


def unused(call):
    return call.text("InUnused")
