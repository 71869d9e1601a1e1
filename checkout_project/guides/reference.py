"""The reference of the API: a page for each call and each message, made of the description at /api/schema."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from html import unescape
from typing import Any

from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString

from checkout_project.guides import stories
from checkout_project.guides.code import LANGUAGES, coloured, with_code
from checkout_project.guides.contents import Part
from checkout_project.guides.fields import Field, Reader, Schema
from checkout_project.openapi.description import description
from common.api.exact_json import pretty
from common.api.samples import samples

JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A status that says no."""

    status: str
    meaning: SafeString
    code: str  # an example


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call, or a message of ours (`verb` is "event" then)."""

    name: str
    verb: str
    path: str
    group: str
    title: str
    words: SafeString
    scope: str
    parameters: list[Field]
    body: list[Field]
    body_example: str
    status: str
    answer: list[Field]
    answer_meaning: SafeString
    answer_example: str
    refusals: list[Refusal]
    samples: list[tuple[str, str, SafeString]]  # language, its name, the call in it

    @property
    def address(self) -> str:
        """Its page."""
        return f"/docs/api/{self.name}"


@lru_cache(maxsize=1)
def calls() -> dict[str, Call]:
    """All by name, in the order of the description's tags."""
    schema = description()
    reader = Reader(schema["components"]["schemas"])
    found = [
        _call(reader, path, method, call)
        for path, methods in schema["paths"].items()
        for method, call in methods.items()
    ]
    found += [_message(reader, kind, message["post"]) for kind, message in schema["webhooks"].items()]
    order = [tag["name"] for tag in schema["tags"]]
    first = ["Checkout", "Refunds", "Webhook endpoints", "Events"]
    order = first + [name for name in order if name not in first]
    return {call.name: call for call in sorted(found, key=lambda call: order.index(call.group))}


def menu() -> list[tuple[str, list[Call]]]:
    """The calls below their groups."""
    groups: dict[str, list[Call]] = {}
    for call in calls().values():
        groups.setdefault(call.group, []).append(call)
    return list(groups.items())


def parts() -> Iterator[Part]:
    """The calls as a search finds them."""
    for call in calls().values():
        fields = " ".join(f"{each.name}: {each.meaning}" for each in [*call.parameters, *call.body, *call.answer])
        text = unescape(strip_tags(f"{call.verb} {call.path} {call.words} {fields}"))
        yield Part(title=call.title, page=f"API: {call.group}", path=call.address, text=text)


def _call(reader: Reader, path: str, method: str, call: Schema) -> Call:
    body = call.get("requestBody", {}).get("content", {}).get(JSON, {}).get("schema")
    status = next(each for each in call["responses"] if each.startswith("2"))
    done = call["responses"][status]
    answer = done.get("content", {}).get(JSON, {}).get("schema")
    sent = reader.example(body, optional=_is_free(reader, body)) if body else None
    return Call(
        name=call["operationId"],
        verb=method.upper(),
        path=path,
        group=call["tags"][0],
        title=call["summary"],
        words=with_code(call.get("description", "")),
        scope=call.get("x-scope", ""),
        parameters=[_parameter(reader, each) for each in call.get("parameters", [])],
        body=reader.fields(body) if body else [],
        body_example=_shown(sent) if body else "",
        status=status,
        answer=reader.fields(answer) if answer else [],
        answer_meaning=with_code(done.get("description", "")),
        answer_example=_shown(stories.answer(call["operationId"], reader.example(answer))) if answer else "",
        refusals=[_refusal(each, of) for each, of in call["responses"].items() if each >= "4"],
        samples=[
            (language, LANGUAGES[language], coloured(text, language))
            for language, text in samples(method=method.upper(), address=_address(path, call), body=sent).items()
        ],
    )


def _is_free(reader: Reader, body: Schema) -> bool:
    """Whether nothing of the body is required, so that an example shows all of it."""
    return not reader.whole(body).get("required")


def _message(reader: Reader, kind: str, message: Schema) -> Call:
    body = message["requestBody"]["content"][JSON]["schema"]
    example = stories.message(kind, reader.example(body))
    return Call(
        name=message["operationId"],
        verb="EVENT",
        path=kind,
        group=message["tags"][0],
        title=kind,
        words=with_code(message.get("description", "")),
        scope="",
        parameters=[],
        body=[_without_session(reader, each) for each in reader.fields(body)],
        body_example=_shown(example),
        status="2xx",
        answer=[],
        answer_meaning=with_code("Received."),
        answer_example="",
        refusals=[],
        samples=[],
    )


def _without_session(reader: Reader, of: Field) -> Field:
    """A message's `data`: of the session, which is told on a page of its own, only what is added to it here."""
    known = {each.name for each in reader.fields({"$ref": "#/components/schemas/Session"})}
    if not known <= {each.name for each in of.inside}:
        return of
    link = format_html(' Its fields: <a href="/docs/api/{}">a session</a>. Here it has besides:', "get_session")
    return replace(of, meaning=of.meaning + link, inside=[each for each in of.inside if each.name not in known])


def _parameter(reader: Reader, of: Schema) -> Field:
    schema = of["schema"]
    return Field(
        name=of["name"],
        kind=f"{reader.kind(schema)}, in the {of['in']}",
        meaning=with_code(of.get("description", "")),
        required=bool(of.get("required")),
        words=[str(each) for each in reader.whole(schema).get("enum", [])],
    )


def _address(path: str, call: Schema) -> str:
    """The path with example ids, and with the parameters that the call cannot do without."""
    needed = []
    for each in call.get("parameters", []):
        if each["in"] == "path":
            path = path.replace(f"{{{each['name']}}}", each["example"])
        elif each["in"] == "query" and each.get("required"):
            needed.append(f"{each['name']}={each['example']}")
    return path + ("?" + "&".join(needed) if needed else "")


def _refusal(status: str, of: Schema) -> Refusal:
    (example,) = of["content"][JSON]["examples"].values()
    return Refusal(status=status, meaning=with_code(of["description"]), code=example["value"]["errors"][0]["code"])


def _shown(value: Any) -> SafeString:
    """JSON to read."""
    return coloured(pretty(value) + "\n", "json")
