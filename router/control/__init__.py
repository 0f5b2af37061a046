"""The control socket: how a running router is watched and steered by the command line, a page or a script."""
