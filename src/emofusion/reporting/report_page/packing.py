"""The page in two forms: whole, and packed for a grid with many cells.

A whole page holds all that it needs. A packed page has its content compressed, and takes the library of the charts,
which is half of a whole page, from a file in the folder above. All cells of a grid share that file.
"""

import base64
import gzip
import re
from functools import cache
from importlib.metadata import version
from pathlib import Path

from emofusion.errors import EmofusionError
from emofusion.plan.shared_files import made_once

VEGA_HERE = "/* the library of the charts */"
_PACKED = re.compile(r'<script type="text/plain" id="packed">([A-Za-z0-9+/=]*)</script>')
_SHELL = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{policy}
<title>{title}</title>
</head>
<body>
<noscript><p>This page needs JavaScript. The tables beside it have all of its numbers.</p></noscript>
<p id="waiting">The page is being unpacked.</p>
<script src="../{library}"></script>
<script type="text/plain" id="packed">{content}</script>
<script>
(async () => {{
  const say = (text) => {{ document.getElementById("waiting").textContent = text; }};
  if (typeof DecompressionStream === "undefined") return say("This browser is too old.");
  if (typeof vegaEmbed === "undefined") return say("../{library} is missing.");
  const packed = Uint8Array.from(atob(document.getElementById("packed").textContent), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const page = new DOMParser().parseFromString(await new Response(stream).text(), "text/html");
  const library = window.vegaEmbed;
  document.head.replaceChildren(...page.head.childNodes);
  document.body.replaceChildren(...page.body.childNodes);
  window.vegaEmbed = library;
  for (const old of document.body.querySelectorAll("script:not([type])")) {{
    const script = document.createElement("script");
    script.textContent = old.textContent;
    old.replaceWith(script);
  }}
}})();
</script>
</body>
</html>
"""


def library_name() -> str:
    """The name of the file with the library of the charts. Other versions are another file."""
    return f"vega-altair-{version('altair')}-vl-convert-{version('vl-convert-python')}.js"


def library(memory: Path) -> str:
    """The library of the charts, as JavaScript. Making it takes seconds, so it is kept as a file in `memory`."""
    path = memory / library_name()
    if not path.is_file():
        with made_once(path) as own:
            own.write_text(vega(), encoding="utf-8")
    return path.read_text(encoding="utf-8")


@cache
def vega() -> str:
    """Vega, Vega-Lite (the version that Altair writes) and vega-embed as one script."""
    import altair
    import vl_convert

    lite = ".".join(altair.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    # the library's types require a snippet, but the page needs the default, which makes vegaEmbed global
    bundle: str = vl_convert.javascript_bundle(vl_version=lite)  # type: ignore[call-arg]
    return bundle


def whole(page: str, script: str) -> str:
    """The page with the library of the charts in it. page: the HTML with the mark `VEGA_HERE`."""
    return page.replace(VEGA_HERE, in_script(script), 1)


def packed(page: str) -> str:
    """The packed form of a page. It needs the file `library_name()` in the folder above. page: see `whole`."""
    content = base64.b64encode(gzip.compress(page.encode(), mtime=0)).decode()
    (title,) = re.findall(r"<title>(.*?)</title>", page)
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy"[^>]*>', page)
    policy = policy.replace("script-src ", "script-src 'self' file: ")
    return _SHELL.format(title=title, policy=policy, library=library_name(), content=content)


def unpacked(page: str) -> str:
    """The HTML that `packed` has packed. Raises `EmofusionError` where there is none."""
    found = _PACKED.search(page)
    if found is None:
        raise EmofusionError("this is not a packed page of emofusion; delete the report and run the workflow again")
    return gzip.decompress(base64.b64decode(found.group(1))).decode()


def in_script(text: str) -> str:
    """The script, escaped so that it does not end its HTML element `script`."""
    return text.replace("</script", "<\\/script").replace("<!--", "<\\!--")
