"""Facts inside sentences: kept from translating browsers on a page, and plain text everywhere else."""

from datetime import UTC, datetime

from django.template import Context, Template

from sessions_app.reading.named import any_of, time_here
from sessions_app.sentences import Sentence, filled, joined, linked

SENTENCE = "%(shop)s takes %(amount)s. %(more)s"


def shown(template: str, **context: object) -> str:
    return Template("{% load kept i18n %}" + template).render(Context(context))


def test_a_page_keeps_each_fact_and_text_is_plain() -> None:
    more = filled("Until %(day)s, says %(who)s.", {"day": Sentence("Monday"), "who": "Mia"})
    said = filled(SENTENCE, {"shop": "Mia & <b>Co</b>", "amount": "49.00 USDC", "more": more})
    assert said == "Mia & <b>Co</b> takes 49.00 USDC. Until Monday, says Mia."
    kept = '<bdi translate="no">{}</bdi>'.format
    written = f"{kept('Mia &amp; &lt;b&gt;Co&lt;/b&gt;')} takes {kept('49.00 USDC')}. Until Monday, says {kept('Mia')}."
    assert shown("{{ said }}", said=said) == written
    assert (
        shown("{{ said|force_escape }}", said=said)
        == "Mia &amp; &lt;b&gt;Co&lt;/b&gt; takes 49.00 USDC. Until Monday, says Mia."
    )


def test_the_pages_script_is_given_the_marks_of_facts_alone() -> None:
    at = datetime(2026, 11, 22, 21, 55, tzinfo=UTC)
    said = filled("On %(network)s at %(time)s.", {"network": "Base", "time": time_here(at)})
    assert shown("{{ said.of_facts }}", said=said) == "On \u2068Base\u2069 at 21:55 UTC."
    assert shown("{{ said.of_facts }}", said=Sentence("Waiting for you & me.")) == "Waiting for you &amp; me."


def test_what_is_put_together_keeps_the_facts_of_each_part() -> None:
    paid = filled("%(amount)s came.", {"amount": "49.00 USDC"})
    assert joined([Sentence("Good."), paid]).marked == "Good. \u206849.00 USDC\u2069 came."
    assert any_of(["Base", "Polygon"]).marked == "\u2068Base\u2069 or \u2068Polygon\u2069"
    assert not any_of([])


def test_nobodys_name_ends_a_fact_before_its_end() -> None:
    said = filled("Paid to %(shop)s.", {"shop": "Mia\u2069 or \u2068Otto"})
    assert shown("{{ said }}", said=said) == 'Paid to <bdi translate="no">Mia or Otto</bdi>.'


def test_nobody_writes_a_link_into_what_we_say() -> None:
    typed = "\u206ahttps://thief.example\u206bAsk here\u206c, \u2068Otto\u2069"
    plain = "https://thief.exampleAsk here, Otto"
    assert shown("{{ said }}", said=Sentence(typed)) == plain
    assert shown("{{ said }}", said=filled("They say: %(reason)s", {"reason": Sentence(typed)})) == f"They say: {plain}"


def test_a_name_in_a_templates_sentence_is_kept_too() -> None:
    sentence = "{% blocktranslate with shop=shop|kept %}Ask {{ shop }}.{% endblocktranslate %}"
    assert shown(sentence, shop="Mia & Co") == 'Ask <bdi translate="no">Mia &amp; Co</bdi>.'


def test_a_link_is_one_on_a_page_and_text_everywhere_else() -> None:
    said = filled("Write to %(email)s.", {"email": linked("mia@shop.example", "mailto:mia@shop.example?a=1&b=2")})
    assert said == "Write to mia@shop.example."
    link = '<a href="mailto:mia@shop.example?a=1&amp;b=2"><bdi translate="no">mia@shop.example</bdi></a>'
    assert shown("{{ said }}", said=said) == f"Write to {link}."
    assert shown("{{ said.of_facts }}", said=said) == "Write to \u2068mia@shop.example\u2069."
