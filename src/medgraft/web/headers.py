"""Headers of every answer: what a browser may do with it."""

from starlette.datastructures import MutableHeaders

#: Our own pages load their scripts and styles from files of this server, and nothing else.
STRICT = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' blob: data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
#: NiceGUI writes its elements into the page and compiles Vue templates there; the rest stays as it is.
NICEGUI = STRICT | {
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",
    "font-src": "'self' data:",
}

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
}


def policy(directives: dict[str, str]) -> str:
    """A Content-Security-Policy from its directives.

    >>> policy({"default-src": "'none'", "img-src": "'self'"})
    "default-src 'none'; img-src 'self'"
    """
    return "; ".join(f"{name} {value}" for name, value in directives.items())


def secure(headers: MutableHeaders, directives: dict[str, str]) -> None:
    """Complete an answer's headers; what is there already stays."""
    for name, value in _ALWAYS.items():
        headers.setdefault(name, value)
    headers.setdefault("Content-Security-Policy", policy(directives))
    headers.setdefault("Cache-Control", "no-store")
