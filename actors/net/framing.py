"""Between h11's events and the server's words. No I/O.

h11 refuses most of what is malformed (differing Content-Lengths, unknown transfer codings, a missing or doubled Host);
`objection` adds what it lets pass and two readers of one stream could read in two ways.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import unquote

import h11

from actors.net.http import Head, HeaderPairs, Peer, Response

CONTENT_LENGTH = b"content-length"
TRANSFER_ENCODING = b"transfer-encoding"
WITHOUT_BODY = frozenset({204, 304})
"""Statuses whose answer has no body whatever the handler gave (RFC 9110, sections 15.3.5 and 15.4.5)."""


def refusal(status: int, reason: str) -> Response:
    """An answer after which the connection ends."""
    return Response(status, reason.encode() + b"\n", close=True)


def head_of(event: h11.Request, peer: Peer) -> Head:
    """The request line and headers in the server's words."""
    path, query = split_target(event.target)
    return Head(event.method.decode(), path, query, tuple(event.headers), event.http_version.decode(), peer)


def split_target(target: bytes) -> tuple[str, str]:
    """Path (decoded) and query of a request target, in origin form or absolute form."""
    if target[:1] != b"/" and b"://" in target:
        authority_and_path = target.partition(b"://")[2]
        target = b"/" + authority_and_path.partition(b"/")[2]
    path, _, query = target.partition(b"?")
    text = path.decode("ascii", "replace")
    return (unquote(text) if "%" in text else text), query.decode("ascii", "replace")


def objection(head: Head) -> Response | None:
    """Why a request cannot be read on, if so: framing that can be read in two ways."""
    if not head.http_version.startswith("1."):
        return refusal(505, "HTTP/1.0 and HTTP/1.1 are spoken here.")
    if head.method == "CONNECT":
        return refusal(501, "This is not a proxy.")
    length = head.get(CONTENT_LENGTH)
    if head.get(TRANSFER_ENCODING) is not None:
        if length is not None:
            return refusal(400, "A request has Content-Length or Transfer-Encoding, not both.")
        if head.http_version == "1.0":
            return refusal(400, "HTTP/1.0 has no Transfer-Encoding.")
    return None


def states_more_than(head: Head, max_body_bytes: int) -> bool:
    """Whether the head alone says that the body is too long."""
    length = head.get(CONTENT_LENGTH)
    return length is not None and int(length) > max_body_bytes


def too_large(max_body_bytes: int) -> Response:
    """The answer to a body over the limit."""
    return refusal(413, f"A body has at most {max_body_bytes} bytes here.")


def server_error() -> Response:
    """The answer when the service made a mistake; says nothing about it."""
    return refusal(500, "Internal server error.")


def protocol_refusal(error: h11.RemoteProtocolError) -> Response:
    """The answer to bytes that are not HTTP/1.1; says what is wrong without repeating what was sent."""
    status = error.error_status_hint
    if status == 431:
        return refusal(431, "The request line and headers are too long.")
    if status == 501:
        return refusal(501, "Only Transfer-Encoding: chunked is understood.")
    return refusal(400, "This is not a well-formed HTTP/1.1 request.")


@lru_cache(maxsize=1024)
def response_head(status: int, content_type: str, length: int, headers: HeaderPairs, close: bool) -> h11.Response:
    """The h11 event of an answer's head. Cached: h11's events are frozen, and checking them is most of their cost."""
    pairs = list(headers)
    if status not in WITHOUT_BODY:
        pairs.append((b"content-type", content_type.encode("ascii")))
        pairs.append((CONTENT_LENGTH, b"%d" % length))
    if close:
        pairs.append((b"connection", b"close"))
    return h11.Response(status_code=status, headers=pairs, reason=_reason(status))


def check_sendable(response: Response) -> None:
    """Raises: h11.LocalProtocolError for a status or header that must not be put on the wire; the handler's mistake."""
    response_head(response.status, response.content_type, len(response.body), response.headers, response.close)


def _reason(status: int) -> bytes:
    """h11 leaves the phrase empty; people who read the wire miss it."""
    return _PHRASES.get(status, b"")


_PHRASES = {
    200: b"OK",
    202: b"Accepted",
    204: b"No Content",
    304: b"Not Modified",
    400: b"Bad Request",
    401: b"Unauthorized",
    403: b"Forbidden",
    404: b"Not Found",
    405: b"Method Not Allowed",
    408: b"Request Timeout",
    409: b"Conflict",
    410: b"Gone",
    413: b"Content Too Large",
    415: b"Unsupported Media Type",
    429: b"Too Many Requests",
    431: b"Request Header Fields Too Large",
    500: b"Internal Server Error",
    501: b"Not Implemented",
    502: b"Bad Gateway",
    503: b"Service Unavailable",
    504: b"Gateway Timeout",
    505: b"HTTP Version Not Supported",
}
