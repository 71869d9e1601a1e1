"""Facts inside sentences: kept from translating browsers on a page, and plain text everywhere else."""

from django.template import Context, Template

from sessions_app.reading.amounts import Sentence, filled

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
    assert shown("{{ said|marked }}", said=filled("On %(network)s.", {"network": "Base"})) == "On \u2068Base\u2069."


def test_nobodys_name_ends_a_fact_before_its_end() -> None:
    said = filled("Paid to %(shop)s.", {"shop": "Mia\u2069 or \u2068Otto"})
    assert shown("{{ said }}", said=said) == 'Paid to <bdi translate="no">Mia or Otto</bdi>.'


def test_a_name_in_a_templates_sentence_is_kept_too() -> None:
    sentence = "{% blocktranslate with shop=shop|kept %}Ask {{ shop }}.{% endblocktranslate %}"
    assert shown(sentence, shop="Mia & Co") == 'Ask <bdi translate="no">Mia &amp; Co</bdi>.'
