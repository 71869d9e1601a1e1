"""What the rules of a session refuse, and with which answer."""

from django.utils.translation import gettext_lazy

from common.errors import Conflict, DomainError, NotFound

NOT_AT_THE_MOMENT = gettext_lazy("This shop cannot take payments at the moment.")


class SessionNotFound(NotFound):
    """No such session, or not the caller's."""


class NoSuchNote(NotFound):
    """No such note, or not the caller's to remove."""


class SessionNotOpen(Conflict):
    """The session's state forbids what was asked."""

    code = "session_not_open"


class OptionUnavailable(DomainError):
    """That asset on that network cannot pay this session now; the sentence says why."""

    code = "option_unavailable"


class NotATransaction(DomainError):
    """That is no hash of a transaction."""

    code = "not_a_transaction"


class SwitchedOff(DomainError):
    """The business has switched off all that could pay this. The sentence is for the shop: buyers read `for_buyers`."""

    code = "switched_off"
    for_buyers = NOT_AT_THE_MOMENT


class NetworkUnavailable(Conflict):
    """The network cannot be read at the moment."""

    code = "network_unavailable"


class NotPayableAgain(Conflict):
    """The session ended, and its buyer cannot begin anew."""

    code = "not_payable_again"


class ReferenceTaken(Conflict):
    """Another live session has this reference and says something else."""

    code = "reference_taken"


class ReferencePaid(Conflict):
    """A session of this reference is paid."""

    code = "reference_paid"


class MoneyOnItsWay(Conflict):
    """Money was seen for a session that was to be superseded."""

    code = "money_on_its_way"


class NothingToDecide(Conflict):
    """The session has no open issue, or not one that this decision answers."""

    code = "nothing_to_decide"


class WrongDecision(DomainError):
    """The decision is not complete or says what does not go together; `attr` names the field."""

    code = "wrong_decision"


class WrongRefund(DomainError):
    """The refund cannot be prepared as asked; `attr` names the field."""

    code = "wrong_refund"


class NothingToRefund(Conflict):
    """Nothing of the session's money is there to send back."""

    code = "nothing_to_refund"


class NoTreasury(Conflict):
    """The merchant has named no wallet to receive in. The sentence is for the shop: buyers read `for_buyers`."""

    code = "no_treasury"
    for_buyers = NOT_AT_THE_MOMENT


class LinkClosed(Conflict):
    """The payment link sells nothing any more, or nothing now; the sentence is for the buyer."""

    code = "link_closed"


class TestModeOnly(Conflict):
    """Scenarios exist in test mode only."""

    code = "test_mode_only"


class SearchedLately(DomainError):
    """The session's money is being looked for, or was a moment ago."""

    code, status = "searched_lately", 429


class NoAddressYet(Conflict):
    """Nobody was shown where to pay the session, so nothing can have come."""

    code = "no_address_yet"


class ShopPaused(Conflict):
    """The operator has suspended the shop: nobody is asked for money who was not before. The buyer is not shown why."""

    code = "shop_paused"


class StillNeeded(Conflict):
    """A buyer's data is needed until their payments are over; the sentence says what to wait for."""

    code = "still_needed"


class NotToBeSigned(Conflict):
    """Nobody would bring a payment to the chain that is only signed."""

    code = "not_to_be_signed"


class NotAPayment(DomainError):
    """That is no signed payment as x402 has them; `attr` names the place."""

    code = "not_a_payment"


class WrongSignature(DomainError):
    """What was signed is not what is due; `attr` names the field, by its name in the signed transfer."""

    code = "wrong_signature"


class AnotherSigned(Conflict):
    """An earlier signature may still move the buyer's money."""

    code = "another_signed"


class BeingSettled(Conflict):
    """The same payment is being brought to the chain at this moment."""

    code = "being_settled"


class NotSettled(Conflict):
    """The facilitator declined before it was handed over; `about` has its own word for why."""

    code = "not_settled"


class FacilitatorUnavailable(DomainError):
    """Who brings signed payments to the chain cannot be reached; nothing was handed over."""

    code, status = "facilitator_unavailable", 503


class SettlementInDoubt(DomainError):
    """It was handed over, and not confirmed that it is on the chain. The same may be sent again."""

    code, status = "settlement_in_doubt", 503
