"""The two strangers' businesses: nothing of one is like the other's, and no two settings have the same value."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Business:
    """Its settings, of which no two are the same, and no two businesses have one in common."""

    name: str
    currency: str
    price: Decimal
    wallets: dict[str, str]
    buyers_wallet: str
    settings: dict[str, Any]


BUSINESSES = {
    "zoe": Business(
        name="Zoe Records", currency="EUR", price=Decimal("31.70"),
        wallets={"test": "0xcd3B766CCDd6AE721141F452C550Ca635964ce71",
                 "live": "0x2546BcD3c84621e976D8185a91A922aE77ECEc30"},
        buyers_wallet="0xbDA5747bFD65F08deb54cb465eB87D40e51B197E",
        settings={"session_minutes": 45, "watch_days": 9, "tolerance_percent": Decimal(2),
                  "tolerance_amount": Decimal("0.50"), "spread_percent": Decimal("1.50"), "brand_color": "#7a1f5c",
                  "tolerance_amounts": {"JPY": Decimal(70)}, "quote_minutes": 12, "grace_minutes": 5,
                  "embed_origins": ["https://zoe.example"],
                  "calls_a_minute": 900, "letters_a_day": 61,
                  "worth_it_percent": Decimal("0.70"), "reporting_currency": "EUR", "time_zone": "Atlantic/Azores",
                  "support_url": "https://zoe.example/help/{order}", "terms_url": "https://zoe.example/terms",
                  "privacy_url": "https://zoe.example/privacy", "thanks": "Spin it loud.",
                  "languages": ["en", "pt-br"],
                  "own_words": {"pt-br": {"thanks": "Gire alto.", "terms_url": "https://zoe.example/termos"}},
                  "receipt_details": "Zoe Records, Rua 7, Lisbon"},
    ),
    "yan": Business(
        name="Yan Kites", currency="GBP", price=Decimal("58.30"),
        wallets={"test": "0xdD2FD4581271e230360230F9337D5c0430Bf44C0",
                 "live": "0x8626f6940E2eb28930eFb4CeF49B2d1F2C9C1199"},
        buyers_wallet="0xdF3e18d64BC6A983f673Ab319CCaE4f1a57C7097",
        settings={"session_minutes": 75, "watch_days": 11, "tolerance_percent": Decimal(3),
                  "tolerance_amount": Decimal("0.80"), "spread_percent": Decimal("2.50"), "brand_color": "#1f7a3d",
                  "tolerance_amounts": {"JPY": Decimal(90)}, "quote_minutes": 18, "grace_minutes": 4,
                  "embed_origins": ["https://yan.example"],
                  "calls_a_minute": 800, "letters_a_day": 62,
                  "worth_it_percent": Decimal("0.60"), "reporting_currency": "GBP", "time_zone": "Asia/Tokyo",
                  "support_url": "https://yan.example/help/{order}", "terms_url": "https://yan.example/terms",
                  "privacy_url": "https://yan.example/privacy", "thanks": "Fair winds.",
                  "languages": ["en", "ja", "tr"],
                  "own_words": {"tr": {"thanks": "İyi rüzgarlar.", "terms_url": "https://yan.example/kosullar"}},
                  "receipt_details": "Yan Kites, 3 Quay Street, Bristol"},
    ),
}  # fmt: skip
