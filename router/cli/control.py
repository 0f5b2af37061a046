"""`router control`: the protocol itself."""

from __future__ import annotations

import click

EPILOG = """\b
Examples:
  router control schema > control.schema.json
  router control schema | jq '.methods | keys'
"""


@click.group()
def control() -> None:
    """For programs that speak to the control socket themselves."""


@control.command(epilog=EPILOG)
def schema() -> None:
    """Print every method and notification of the control socket, with JSON Schemas.

    The socket speaks JSON-RPC 2.0 over WebSocket; its address and token are in control.json in the state directory.
    """
    from router.cli.output import print_json
    from router.control.schema import protocol_schema

    print_json(protocol_schema())
