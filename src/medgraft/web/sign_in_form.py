"""The page that asks who you are. It stands alone: nothing else of this server is shown before a sign-in."""

import base64
import hashlib
from http import HTTPStatus

from starlette.responses import HTMLResponse

from medgraft.web.headers import STRICT, policy

_STYLE = """
:root{color-scheme:dark light;--page:#0b0d10;--panel:#14171c;--edge:#5f6876;--text:#e8ebef;--dim:#a0a9b5;--act:#6cc0f0;
--on-act:#06131c;--bad:#ff8a4c}
@media (prefers-color-scheme:light){:root{--page:#eceef1;--panel:#fff;--edge:#8b94a1;--text:#14171c;--dim:#535c69;
--act:#00659f;--on-act:#fff;--bad:#b34700}}
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--page);
color:var(--text);font:16px/1.5 system-ui,sans-serif}main{width:min(384px,calc(100vw - 32px));padding:32px;
background:var(--panel);border-radius:8px}h1{margin:0 0 8px;font-size:20px}
p{margin:0 0 24px;color:var(--dim);font-size:14px}label{display:block;margin:0 0 16px;font-size:14px}
input{display:block;width:100%;margin-top:4px;padding:8px 12px;font:inherit;color:inherit;background:var(--page);
border:1px solid var(--edge);border-radius:4px}button{width:100%;padding:8px;font:inherit;font-weight:600;
color:var(--on-act);background:var(--act);border:0;border-radius:4px;cursor:pointer}
:focus-visible{outline:2px solid var(--act);outline-offset:2px}[role=alert]{color:var(--bad);font-weight:600}
"""
_FORM = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in - medgraft</title>
<meta name="viewport" content="width=device-width,initial-scale=1"><style>{style}</style></head><body><main>
<h1>Sign in to medgraft</h1>{problem}<p>On your own machine, open the link that the terminal shows. With an account,
your name and token.</p><form method="post" action="/sign-in"><label>Name<input name="name" autocomplete="username"
required autofocus maxlength="200"></label><label>Token<input name="token" type="password"
autocomplete="current-password" required maxlength="200"></label><button>Sign in</button></form></main></body></html>"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = policy(STRICT | {"style-src": f"'sha256-{_HASH}'"})


def sign_in_page(problem: str = "") -> HTMLResponse:
    """The form, answered with 401. `problem` is our own text, shown above it."""
    alert = f'<p role="alert">{problem}</p>' if problem else ""
    return HTMLResponse(
        _FORM.format(style=_STYLE, problem=alert),
        status_code=HTTPStatus.UNAUTHORIZED,
        # Without any referrer a browser would send the form from the origin "null", as strangers' pages do.
        headers={"Content-Security-Policy": _POLICY, "Referrer-Policy": "same-origin"},
    )
