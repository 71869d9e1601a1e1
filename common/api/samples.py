"""How a call looks in each language: what a reader copies from the reference."""

import json
from typing import Any

from common.api.exact_json import pretty

Body = dict[str, Any] | None


def samples(*, method: str, address: str, body: Body) -> dict[str, str]:
    """The call in curl, Python, Node and PHP, by names of Markdown's blocks.

    They read the two variables that the guides name, and send no Idempotency-Key: one that stood in a sample would be
    sent with another body next.
    """
    return {
        "bash": _curl(method, address, body),
        "python": _python(method, address, body),
        "js": _node(method, address, body),
        "php": _php(method, address, body),
    }


def _curl(method: str, address: str, body: Body) -> str:
    lines = [f'curl -sS --fail-with-body -X {method} "$TALLYSTICK_URL{address}"']
    lines.append('-H "Authorization: Bearer $TALLYSTICK_API_KEY"')
    if body is not None:
        text = _indented(pretty(body), 2).replace("'", "'\\''")
        lines += ['-H "Content-Type: application/json"', f"-d '{text}'"]
    return " \\\n  ".join(lines) + "\n"


def _python(method: str, address: str, body: Body) -> str:
    headers = '"Authorization": f"Bearer {os.environ[\'TALLYSTICK_API_KEY\']}"'
    lines = ["import os", "", "import httpx", "", "answer = httpx.request("]
    lines += [f'    "{method}",', f'    os.environ["TALLYSTICK_URL"] + "{address}",', f"    headers={{{headers}}},"]
    lines += [f"    json={_literal(body, 4, ': ', '{}', ('True', 'False', 'None'))},"] if body is not None else []
    return "\n".join([*lines, ")", "answer.raise_for_status()", "print(answer.text)", ""])


def _node(method: str, address: str, body: Body) -> str:
    headers = ["Authorization: `Bearer ${process.env.TALLYSTICK_API_KEY}`"]
    headers += ['"Content-Type": "application/json"'] if body is not None else []
    lines = [f'const answer = await fetch(process.env.TALLYSTICK_URL + "{address}", {{', f'  method: "{method}",']
    lines += ["  headers: {", *(f"    {each}," for each in headers), "  },"]
    lines += [f"  body: JSON.stringify({_indented(pretty(body), 2)}),"] if body is not None else []
    lines += ["});", "if (!answer.ok) throw new Error(await answer.text());", "console.log(await answer.text());"]
    return "\n".join([*lines, ""])


def _php(method: str, address: str, body: Body) -> str:
    headers = ['"Authorization: Bearer " . getenv("TALLYSTICK_API_KEY")']
    headers += ['"Content-Type: application/json"'] if body is not None else []
    lines = [f'$call = curl_init(getenv("TALLYSTICK_URL") . "{address}");', "curl_setopt_array($call, ["]
    lines += [f'  CURLOPT_CUSTOMREQUEST => "{method}",', "  CURLOPT_RETURNTRANSFER => true,"]
    lines += ["  CURLOPT_HTTPHEADER => [", *(f"    {each}," for each in headers), "  ],"]
    if body is not None:
        text = _literal(body, 2, " => ", "[]", ("true", "false", "null")).replace("$", "\\$")
        lines.append(f"  CURLOPT_POSTFIELDS => json_encode({text}),")
    lines += ["]);", "$answer = curl_exec($call);"]
    lines += ["if (curl_getinfo($call, CURLINFO_HTTP_CODE) >= 400) throw new Exception($answer);", "echo $answer;", ""]
    return "\n".join(lines)


def _indented(text: str, spaces: int) -> str:
    """All lines but the first further in."""
    return text.replace("\n", "\n" + " " * spaces)


def _literal(value: Any, indent: int, colon: str, braces: str, truths: tuple[str, str, str]) -> str:
    """A JSON value as another language writes it, by that language's signs."""
    if isinstance(value, dict):
        space = " " * (indent + len(braces) * 2)
        inner = "".join(
            f"{space}{json.dumps(name)}{colon}{_literal(each, len(space), colon, braces, truths)},\n"
            for name, each in value.items()
        )
        return f"{braces[0]}\n{inner}{' ' * indent}{braces[1]}"
    if isinstance(value, list):
        return "[" + ", ".join(_literal(each, indent, colon, braces, truths) for each in value) + "]"
    if value is True or value is False or value is None:
        return truths[(True, False, None).index(value)]
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)
