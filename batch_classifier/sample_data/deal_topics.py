"""Why deals are lost: the phrases from which sample notes are put together.

Gaps such as {rival} are filled by `lost_deals`.
"""

REASONS: dict[str, tuple[str, ...]] = {
    "Price": (
        (
            "{contact} told me in the end that we are simply too dear for them; {amount} a year was more than "
            "they would pay."
        ),
        "Our offer was {percent} percent above what they had reckoned with, and I wasn't allowed a deeper discount.",
        "They loved the product and hated the price. Even the smaller plan costs too much in their eyes.",
        (
            "Purchasing wanted the list price cut by {percent} percent, and at that we would have lost money, "
            "so we let it go."
        ),
        "Final feedback: the licence is overpriced for {seats} users.",
        "It all came down to the price per user, which they call unreasonable.",
    ),
    "No Budget": (
        "The budget for the project was struck out at short notice; there's no money to buy anything.",
        "{contact} says the board has frozen spending, all new software included.",
        "They never had an approved budget, as it turned out, and none is planned.",
        "A bad quarter: cost cuts everywhere, and the funds for us are gone.",
        "The money that was set aside went into a new warehouse instead.",
        "Headcount and budgets were slashed, so no purchase whatever the terms.",
    ),
    "Missing Feature": (
        "They can't do without approvals in several steps, and our product has nothing of the kind.",
        "In the trial the users missed barcode scanning. It's on the roadmap at best.",
        "The knock-out was that we don't support shift planning, a core requirement of theirs.",
        "Too few reporting options; the dashboards that {contact} wanted can't be built with our tool.",
        "We lack an offline function for the technicians, and without it they won't buy.",
        "The demo showed gaps in functionality: no Arabic user interface, no bulk edit.",
    ),
    "Integration": (
        "There's no connector for their {system}, and they won't copy data by hand.",
        "The link to {system} never worked properly in the pilot; records were not synchronised.",
        "Their IT says that our API can't be joined up with the old {system} installation.",
        "Moving {seats} thousand records out of the legacy database was judged too hard.",
        "They insist on an integration with {system} out of the box, and ours would have to be programmed first.",
        "It failed on interfaces: nothing to connect us with {system}.",
    ),
    "Security and Compliance": (
        "Their security department rejected us after the audit questionnaire.",
        "Without a SOC 2 report we weren't let through vendor approval.",
        "Data must not leave the country by law, and our hosting can't guarantee that.",
        "The works council and the privacy officer vetoed it on data protection grounds.",
        "Legal refused the data processing terms; regulated industry, strict compliance rules.",
        "We could not meet their encryption and access control policy, so infosec said no.",
    ),
    "Competitor": (
        "They went with {rival}, who had been in the account for a while.",
        "{rival} won. {contact} said the two of us were close, but the others got the signature.",
        "The tender was awarded to {rival}; we were ranked second.",
        "They chose a rival vendor that their parent company already works with.",
        "Lost against {rival} after the final presentations.",
        "The incumbent supplier {rival} came back with a new contract, and they renewed it.",
    ),
    "Timing": (
        "The whole thing has been put off until next year, other projects go first.",
        "Not the right moment for them: they move their head office in {month}. We should ask again afterwards.",
        "On hold because of the merger; nothing will be started before {month}.",
        "{contact} wants to revisit this in two quarters, as the team is tied up with another launch.",
        "The rollout was deferred. Interest is still there, but not this fiscal year.",
        "Too early, they must finish the {system} rollout first, then we may come back.",
    ),
    "No Decision": (
        "{contact} stopped answering. {Number} mails, {number} calls, not a word.",
        "Radio silence since the offer in {month}, so I close it as dead.",
        "The steering group couldn't agree on anything, and it ended without a decision.",
        "They carry on with Excel as always; nobody felt the need to act.",
        "No response to the last reminders either, they've gone quiet.",
        "Endless internal discussions and no one who would decide, then nothing.",
    ),
    "Champion Left": (
        "{contact}, who had fought for us, has left the company, and the successor isn't interested.",
        "Our sponsor was moved to another division and nobody has picked it up.",
        "With the departure of the {role} we lost our only supporter there.",
        "A new {role} has taken over and wants none of the predecessor's plans.",
        "{contact} was made redundant in {month}. Her replacement doesn't know us.",
        "The person who wanted us changed employer, and the deal went with him.",
    ),
    "Other": (
        "This is the same opportunity as the one entered in {month}, created twice.",
        "Just a test entry of mine, can be deleted.",
        "{company} has filed for insolvency and shuts down.",
        "It was a student who needed screenshots for a paper.",
        "Wrong number and a made-up e-mail address, spam from the web form.",
        "They turned out to be a reseller who looked for a partner programme and not a buyer.",
    ),
}

BEGINNINGS = (
    "{company}, {seats} seats, came in through the fair in {month}.",
    "First call with {contact} ({role}) on the {day}th. Nice conversation.",
    "Inbound lead from the website, {company}.",
    "Met {contact} and the {role} on site, good atmosphere.",
    "{company}: existing contact of our partner in {city}.",
    "Long sales cycle here, started in {month}.",
)

EVENTS = (
    "Demo for {number} people, well received.",
    "Sent the proposal on the {day}th.",
    "Follow-up call with the {role}, next step agreed.",
    "Trial with {seats} users for {number} weeks.",
    "{contact} asked for references, sent {number}.",
    "Workshop in {city}, took the whole day.",
    "Spoke with the {role} about the schedule and roles in the project.",
    "Two meetings were moved, then it went on.",
    "NDA signed, got the questionnaire with {seats} questions.",
    "Everybody friendly, lunch with the team.",
    "Showed the new release, many questions, mostly from the {role}.",
    "Sent minutes and the slides afterwards.",
    "Reached {contact} on the second try, agreed on a date in {month}.",
    "Our partner in {city} joined the meeting.",
    "Second demo on the {day}th for the colleagues in {city}.",
    "They asked for a list of customers in their industry.",
    "Coffee with {contact} at the fair, talked about this and that.",
    "Plan for the rollout was drawn up with the {role}.",
    "Got the organisation chart and {number} new names.",
    "Answered {number} questions by mail.",
)

# Objections that were settled on the way: they sound like a reason, and are not the one.
SETTLED = {
    "Price": "They grumbled about the price at first, we settled that with a small discount.",
    "Missing Feature": "Question about a missing export, solved by a workaround.",
    "Security and Compliance": "Security check passed without remarks.",
    "Competitor": "{rival} was in the race for a while and dropped out.",
    "Timing": "Start date moved once, fine for both sides.",
    "Integration": "The connection with {system} was tested and works.",
}

ENDINGS = (
    "Closed lost.",
    "Will keep in touch.",
    "Pity, would have been a nice logo.",
    "Handed over to marketing for nurturing.",
    "Learned a lot at least.",
    "Set to lost on the {day}th of {month}.",
)
