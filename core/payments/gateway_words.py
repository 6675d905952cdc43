"""What the gateways that come with the house say in English, so that the catalogues have words for it.

A plugin speaks English. What it says to people is looked up as it is drawn: a sentence that a catalogue
knows is read in the reader's language, any other as the plugin wrote it. The text of a mandate never is:
it is kept as it was agreed to.
"""

from __future__ import annotations

from core.kernel.i18n import mark

WORDS = (
    mark("Account number"), mark("Account type"), mark("An account number has 4 to 17 digits."),
    mark("An issue number has one or two digits."), mark("Automatic"), mark("Bank name"), mark("Bank state"),
    mark("Bank transfer or check"), mark("Card"), mark("Card number"),
    mark("Card number, expiry date and security code"), mark("Card type"), mark("Checking"),
    mark("Choose a state."), mark("Choose one of the card types, or Automatic."),
    mark("Choose the kind of account."), mark("Date of birth"),
    mark("Encrypted. We show only the last four."),
    mark("Enter month and year, as in 03 / 2024."), mark("Enter the card number again."),
    mark("Enter the card number. This needs JavaScript in your browser."),
    mark("Enter the day you were born: day, month and year."),
    mark("Enter the month with two digits, from 01 to 12."), mark("Enter the name as it stands on the card."),
    mark("Enter the name of your bank."), mark("Enter the name on your card."),
    mark("Enter the name with at most 100 letters."),
    mark("Enter the number of your driver's license or state ID."), mark("Expiry month"), mark("Expiry year"),
    mark("Issue number"), mark("Issued in"), mark("Keep this card for renewals"),
    mark("License or ID number"), mark("Name on card"), mark("Nine digits, bottom left of a check."),
    mark("No card runs that long. Check the year."), mark("Routing number"), mark("Savings"),
    mark("Security code"), mark("Spaces and dashes are fine."), mark("Start date"), mark("Starts at once"),
    mark("Starts on the day the money arrives"),
    mark("Starts when the bank confirms, 3 to 5 business days"), mark("Business"),
    mark("The card service did not answer. Please try again in a moment."),
    mark("This card could not be saved. Check it, or try another one."),
    mark("This card does not hold yet. Check the start date."),
    mark("This is not a routing number of a bank. Check each digit."),
    mark("This looks like a card number. Enter the name on the card here."),
    mark("3 digits on the back, or 4 on the front."),
    mark("We keep a token, the last four digits and the expiry date. Remove it any time in your account."),
    mark("A routing number has nine digits. It stands bottom left on a check."),
    mark("eCheck from a US bank account"),
)  # fmt: skip
