"""What customers of a travel agency call about: the phrases from which sample calls are put together.

Gaps such as {city} are filled by `travel_calls`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """Phrases of one class: how the call is opened, what the customer adds, how the agent answers and closes."""

    label: str
    asks: tuple[str, ...]
    details: tuple[str, ...]
    answers: tuple[str, ...]
    closings: tuple[str, ...]


TOPICS = (
    Topic(
        "Booking Inquiry",
        (
            (
                "I'd love to get away to {city} in {month}, the {number} of us. What would you suggest, and "
                "roughly what would it cost?"
            ),
            "Do you have anything free in {city} around the {day}th of {month}? We'd need flights and a hotel.",
            "What are your cheapest fares from {city} to {other_city} in {month}?",
            "{Relative} and I want to book a tour of {country}. Can you send me some offers?",
            "I saw a river cruise on your site, {number} nights. Are there still cabins available in {month}?",
            "We haven't booked anything yet, but we're dreaming of {country} and would like some recommendations.",
            "Could you quote me a price for {number} nights at {hotel} in {city}, half board?",
            (
                "I'm organising a trip for {number} colleagues to {city} and need rooms and flights for all "
                "of us. What can you offer?"
            ),
            "Is there a package to {city} with a hotel close to the beach? We'd like to reserve soon.",
            "I want to purchase a ticket to {city}, one way, leaving on a {weekday}.",
            (
                "It's our anniversary in {month} and I'd like to surprise {relative} with a weekend in "
                "{city}. Any nice ideas?"
            ),
            "Have you got any last minute bargains for a week in the sun? We can leave from {city} any day.",
        ),
        (
            "We'd prefer something central, and breakfast should be included.",
            "Our limit is about {amount} dollars per person, all in.",
            "A direct flight would be best, I don't like to change planes.",
            "That one looks nice. Does the price include transfers?",
            "Alright, please hold that offer for me until {weekday}.",
        ),
        (
            "I'd be glad to look for something. How many people will be travelling?",
            "That sounds like a wonderful trip. Which dates do you have in mind?",
            "Certainly, let me see what we have on offer for {city}.",
        ),
        (
            "I've put together three options for you and will mail you the quotes.",
            "Splendid, I've made a provisional booking, and you have until {weekday} to confirm.",
        ),
    ),
    Topic(
        "Reservation Change",
        (
            "I have a booking for {city} on the {day}th, and I'd like to fly a day later instead. Is that possible?",
            "We're booked into {hotel}, but need one night more. Could you prolong it?",
            "My ticket says {last_name} with the wrong spelling. It has to match the passport, so please fix it.",
            "Could you put us on the afternoon flight on {weekday} instead of the one at six in the morning?",
            "{Relative} would like to come along after all. Can you add another traveller to my reservation?",
            "We've got a twin room reserved in {city}. I'd rather have a suite, if you could change that.",
            "I'd like to alter my reservation {reference}: leaving {other_city} rather than {city}.",
            (
                "Something moved in my calendar, so our tour would have to shift from {month} to the month "
                "after. Can it be rescheduled?"
            ),
            "I picked the wrong return date when I booked. It should be the {day}th of {month}. Can you amend it?",
            "We reserved a small car in {city} and now there are {number} of us. Please exchange it for a bigger one.",
            "Can I modify my seats? We're sitting apart, and I'd like two next to each other on the flight to {city}.",
            "I need to bring my departure forward, from {weekday} to the day before, same route to {city}.",
        ),
        (
            "The earlier one would suit me, even if it costs a little more.",
            "Everything else in the reservation can stay as it is.",
            "Is there a difference in fare for the new date?",
            "Good, then please go ahead and make that change.",
        ),
        (
            "Let me open your reservation and see what can be changed.",
            "Of course, I can modify that. What should the new date be?",
            "I see your booking here. Let me look at the alternatives.",
        ),
        (
            "It's changed now. You'll get the new itinerary by e-mail.",
            "Done, the new date is confirmed, and the fee of {fee} dollars is on the old card.",
        ),
    ),
    Topic(
        "Cancellation Request",
        (
            "I'd like to cancel my trip to {city} on the {day}th of {month}.",
            "I'm sorry to say we have to cancel the hotel, {relative} has been taken to hospital.",
            "Please cancel reservation {reference} for me, the meeting in {city} isn't taking place.",
            "We can't go to {country} any longer. How do I cancel, and what does it cost me?",
            "I've booked {hotel} twice by mistake. One of the two must be cancelled, please.",
            "Unfortunately I lost my job, so I have to call the holiday off. Can you cancel it all?",
            "I want to cancel the rental car in {city}, we are going by train.",
            "{Relative} is seriously ill, we won't be flying on {weekday}. Can you cancel both tickets?",
            "Could you tell me the cancellation terms for {reference}? We're not going to travel.",
            "There's a storm warning for {city}, and we've decided to stay at home. I want to cancel our stay.",
            "My leave was not granted, so there's no way we can take the cruise. Please cancel the cabin.",
            "I have to cancel. It's the tour through {country}, starting on the {day}th.",
        ),
        (
            "No, moving it to another date is no use to us.",
            "I did take out insurance, so I need the cancellation in writing.",
            "How much of it do I lose if I cancel today?",
            "Yes, I'm certain. Please cancel it now.",
        ),
        (
            "I'm sorry to hear that. I can cancel it for you; may I have the booking number?",
            "Oh dear. Let me look at the cancellation conditions of your fare.",
            "I understand. Before I cancel, shall I check whether another date is possible?",
        ),
        (
            "Your booking is cancelled, and the confirmation is on its way to you.",
            "All cancelled. There's a charge of {fee} dollars according to the conditions.",
        ),
    ),
    Topic(
        "Refund Issues",
        (
            "In {month} you cancelled our tour and said we'd be refunded. I've seen no money to this day.",
            (
                "I'm still waiting for {amount} dollars from the trip to {city} that didn't take place. When "
                "will the refund come?"
            ),
            "I got a refund of {fee} dollars, but it should have been {amount}. What about the difference?",
            "My refund was supposed to take a week. It has been {number} weeks now, and nothing is on my account.",
            "The airline told me that the money for the cancelled flight was returned to you. Why haven't I got it?",
            "It's about the refund for {reference}. I have called {number} times already and get no answer.",
            "We had to cancel {hotel} in {month}, free of charge. I never got my deposit back.",
            "You sent me a credit note, but I asked for a refund to my bank account. I'd like the money, please.",
            "Where is my reimbursement for the ferry that never sailed? I handed in the form in {month}.",
            "I was told that the refund had been issued, and my bank says that nothing has come in.",
            "How much longer do I have to wait to be paid back for the flights to {city} that were cancelled?",
            "My refund request for {reference} was turned down, and I don't see why. The fare was refundable.",
        ),
        (
            "I have the e-mail here in which the refund is confirmed.",
            "No, there has been no transfer at all, I looked again this morning.",
            "I've been patient for a long time, I'd really like my money back.",
            "To the same account as before, please.",
        ),
        (
            "I'm sorry that the refund is taking so long. Let me see where it is.",
            "Let me check the status of your refund. What is the booking number?",
            "I apologise for the wait. I can see the refund request in the system.",
        ),
        (
            "I have pushed the refund through, and you should see it within five days.",
            "Our finance team will release the {amount} dollars today.",
        ),
    ),
    Topic(
        "Travel Information",
        (
            "Do I need a visa for {country}? I hold a Canadian passport.",
            "What's the weather like in {city} in {month}? I don't know what clothes to take.",
            "Are any vaccinations compulsory for {country}?",
            "Which documents does a child need to enter {country} with just one parent?",
            "How do we get from the airport in {city} to the centre late at night?",
            "Is it safe for a woman travelling alone in {country} these days?",
            "What's the allowance for hand luggage on the flight to {city}, and can I carry medicine in it?",
            "When would be the best season for hiking in {country}?",
            "Is my passport valid for long enough? It runs out in {month}, and we're going to {country}.",
            "Which currency should I take to {country}, and can one pay by card there?",
            "How many hours before departure does check-in for {city} open, and how early should we be there?",
            "Do we need an adapter for the sockets in {country}, and is the tap water fit to drink?",
        ),
        (
            "And does that also hold if we only pass through?",
            "Good to know. Is there an official website where I can read that?",
            "We'd stay for about {number} days.",
            "And what about the customs rules for gifts?",
        ),
        (
            "Good question. Let me look up the current rules for {country}.",
            "That depends on your nationality. Which passport do you have?",
            "In general there's no need to worry, but let me check the official advice.",
        ),
        (
            "I'll mail you a leaflet with all the requirements.",
            "The embassy's page has the latest on that, and I'm sending you the link.",
        ),
    ),
    Topic(
        "Complaint",
        (
            "I have to complain about {hotel}. The room was filthy, and nobody at reception lifted a finger.",
            (
                "We came back from {city} yesterday, and I've never had such an awful holiday. The guide "
                "insulted {relative}."
            ),
            "Your transfer in {city} didn't turn up, and we waited for {number} hours. That is simply not good enough.",
            "I'm very upset. The brochure promised a quiet hotel, and it was on a building site.",
            "The cabin crew on our flight to {city} were unbelievably rude, and I want somebody to answer for it.",
            "What a disgrace: cold food, a broken shower, and a manager who laughed at us. I'm talking about {hotel}.",
            "I want to lodge a complaint. The excursion in {country} was cut from a day to two hours.",
            "Our bags went missing on the way to {city}, and your people on the spot couldn't have cared less.",
            "I'm deeply dissatisfied with how I was treated by your colleague, who put the phone down on me.",
            (
                "The flat in {city} smelled of mould, there were ants everywhere, and it looked nothing like "
                "the photographs."
            ),
            "Let me speak with your manager, please. The whole cruise was a shambles from start to finish.",
            (
                "We were very disappointed by the tour: the bus was old and dirty, and the driver was on the "
                "phone the whole time."
            ),
        ),
        (
            "I took photographs of it all, and I can send them to you.",
            "No, an apology is not enough. I expect compensation for a spoiled holiday.",
            "We told the staff at once, and they did nothing about it.",
            "I won't be travelling with you again if this is how it goes.",
        ),
        (
            "I'm terribly sorry to hear about this experience. Could you tell me more?",
            "Please accept my apologies. That isn't the standard that we promise.",
            "That should not have happened. I'd like to file this as a complaint.",
        ),
        (
            "I've passed your complaint on to the manager, who'll ring you tomorrow.",
            "As a gesture of goodwill we'd like to offer you {fee} dollars.",
        ),
    ),
    Topic(
        "Payment Problem",
        (
            (
                "I tried to pay the balance for {city}, and my card was rejected {number} times, though "
                "there's enough money on it."
            ),
            "You've debited {amount} dollars twice for booking {reference}.",
            "There's an amount of {fee} dollars on my credit card bill, and I don't know what it is for.",
            "The payment page hangs as soon as I enter my card details, so I can't pay for the hotel in {city}.",
            "I've paid by bank transfer, but my booking still says payment outstanding.",
            "The total on the invoice is {amount} dollars. We had agreed on {fee} less.",
            (
                "My bank blocked the payment to you, and now I'm worried about losing the reservation. Can I "
                "pay in another way?"
            ),
            "Can I split the bill for the cruise over {number} months? I can't pay it all at once.",
            "I was charged in the wrong currency for {hotel}, and that comes to a lot more than I was told.",
            "The deposit has been taken from my account, yet you send me reminders that it's overdue.",
            "My credit card expired, and the instalment that's due on the {day}th won't go through.",
            "Why have I been charged a service fee of {fee} dollars? It was not part of the price.",
        ),
        (
            "It's a Visa card, and it works everywhere else.",
            "My bank says that the charge came from you.",
            "Could I perhaps pay over the phone, right now?",
            "I can send you my card statement.",
        ),
        (
            "I'm sorry about the trouble with the payment. Let me see what happened.",
            "Let me check the charges on your account.",
            "I can take the payment here by phone, if you like.",
        ),
        (
            "The payment has gone through now, and a receipt is on its way.",
            "I've reversed the second charge of {amount} dollars.",
        ),
    ),
    Topic(
        "Loyalty Program",
        (
            "I'd like to know my points balance, and whether it's enough for a flight to {city}.",
            "The miles from my trip to {city} in {month} don't show on my account yet.",
            "How far am I from the next tier? I've had {number} stays since {month}.",
            "Can I transfer some of my points to {relative}?",
            "My points lapse in {month}. Can that be put off?",
            "I want to use my miles for a better seat on the way to {city}. How many would I need?",
            "What do I get as a gold member at {hotel}: breakfast, late check-out?",
            "I'd like to enrol in your bonus programme. How does one collect points?",
            "Why has my status gone down to silver? I travelled more than last year.",
            "I tried to redeem points for a night at {hotel}, but no award rooms are offered in {month}.",
            "Did I earn double points for the stay in {city}, as in your promotion?",
            "My member card has not come, and I'd like to know which lounges I may use with my status.",
        ),
        (
            "My membership number is on the card, one second: {reference}.",
            "And would I keep my tier next year with that?",
            "How many points would a companion ticket take?",
            "Oh good, then please use the points for it.",
        ),
        (
            "I'm happy to look at your rewards account. What's your membership number?",
            "You have {points} points at the moment. Let me see what you can get for them.",
            "Thank you for being a loyal member. Let me check your status.",
        ),
        (
            "I've credited the missing points, so your new balance is {points}.",
            "You'll reach the next level after {number} more nights.",
        ),
    ),
    Topic(
        "Special Accommodation",
        (
            "{Relative} can't walk far. Could somebody with a wheelchair meet us at the gate in {city}?",
            "I'm allergic to shellfish and need a suitable meal on the flight to {city}.",
            "Is there a barrier-free room at {hotel}? I use a wheelchair, and the shower must have no step.",
            "We're travelling with a baby and need a cot and a place to warm bottles.",
            "I'd like to take my assistance dog on the plane to {city}. What must be arranged?",
            "I sleep with a breathing machine and need a socket next to my bed and permission to take it on board.",
            "{Relative} is nearly blind and flies alone. Can someone accompany them through the airport?",
            "We eat halal only. Could you let {hotel} know and order the right meals for the plane?",
            "My son is autistic, and long queues are hard for him. Is there any help with boarding in {city}?",
            "I'm six months pregnant and would like a seat with more space and help with my suitcase.",
            "My mother is eighty-nine and needs a room without stairs, near the lift.",
            "I carry insulin that must be kept cool. Does the room at {hotel} have a fridge, and can you ask for one?",
        ),
        (
            "The wheelchair folds, and it weighs fifteen kilos.",
            "I can send you the doctor's letter.",
            "It would be a great relief to know that someone is there to help.",
            "Please put it down for the way back as well.",
        ),
        (
            "Of course, I'll arrange that assistance. Which booking is it for?",
            "Thank you for telling us. I'll add the special request to your booking.",
            "Certainly. Let me ask the hotel whether such a room is free.",
        ),
        (
            "The request is confirmed, and the staff will expect you.",
            "I've noted it for all your flights and informed the airline.",
        ),
    ),
    Topic(
        "Technical Support",
        (
            "I can't sign in to your website any more. It doesn't take my password, and the reset link has expired.",
            "Your app shuts down as soon as I tap on my trips. I've installed it anew, to no avail.",
            "The online check-in for {city} stops with an error code at the last step.",
            "My boarding pass for {weekday} won't load on my phone. All I get is a grey screen.",
            "I never received the confirmation mail for {reference}, and the site won't send it again.",
            "Your page doesn't open in my browser. It says that the connection isn't secure.",
            "When I search for flights to {city}, the site loads for ever and then says that the session has ended.",
            "The app says my account doesn't exist, and yet I logged in with it last week.",
            "I can't change my e-mail address in the profile, as the save button does nothing.",
            "The text message with the login code doesn't come, so I'm shut out of my account.",
            "I wanted to download the voucher for {hotel}, and the file is damaged.",
            "There's a bug in your app: it shows my departure for {city} in the wrong time zone.",
        ),
        (
            "I've tried it on the laptop and on the tablet, with the same message.",
            "Yes, I have already cleared the cache and restarted it.",
            "It worked until the update last {weekday}.",
            "The message says something like unexpected error.",
        ),
        (
            "I'm sorry that the site isn't working for you. Which browser do you use?",
            "Let's sort this out. What message do you see on the screen?",
            "There are some technical difficulties at present. Let me reset your account.",
        ),
        (
            "I've sent you the document by e-mail, so that you don't need the app.",
            "Our technicians know of the error and are working on it.",
        ),
    ),
    Topic(
        "Other",
        (
            "Oh, isn't this the pharmacy? I think I have the wrong number.",
            "Are there any jobs going in your office? I'd like to send my application.",
            "I represent a firm that cleans offices, and I'd like to make you an offer.",
            "I'm writing a piece on tourism for a newspaper. Who handles press enquiries?",
            "Could you connect me with {first_name} {last_name}? I'm an old friend from school.",
            "I only wanted to thank {first_name}, who was so kind to me last week. No questions.",
            "Until what time is your shop in {city} open on {weekday}?",
            "Somebody parked a van with your name on it in front of my garage. Could it be moved?",
            "Can you please stop sending me the newsletter?",
            "I'm a student and would like to do an internship with you in {month}.",
        ),
        (
            "I see. Thanks anyway.",
            "Could you give me the number, then?",
            "It won't take more than a minute.",
            "Never mind, then.",
        ),
        (
            "I'm afraid I can't help you with that here.",
            "Let me see who is in charge of that.",
            "How nice of you to call.",
        ),
        ("I've passed your message on.", "Have a pleasant day."),
    ),
)
