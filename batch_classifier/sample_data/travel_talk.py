"""What is said in any call to a travel agency: greetings, questions for data, chatter and goodbyes."""

GREETINGS = (
    "Hello.",
    "Hi there.",
    "Good morning.",
    "Good afternoon, this is {first_name} {last_name}.",
    "Hello, am I speaking with the travel agency?",
    "Hi, my name is {first_name} {last_name}, I'm a customer of yours.",
    "Hey, finally somebody picks up. I hope you're having a good day.",
    "Good day to you. My customer number is {account}, name of {last_name}.",
    "Yes, hello, can you hear me well? The line is a bit noisy.",
)

OPEN_QUESTIONS = (
    "How can I help you today?",
    "Good day, what can I do for you?",
    "Thank you for calling. How may I assist you?",
)

DATA_QUESTIONS = (
    ("Could you give me your booking number, please?", "Sure, it's {reference}."),
    ("May I have your name?", "{first_name} {last_name}, I'll spell it if you like."),
    ("Which e-mail address is it under?", "It should be the one that ends in {account}."),
    ("And your date of birth, for security?", "The {day}th of {month}, nineteen eighty."),
    ("Thanks. Can you hold for a moment?", "Yes, no problem, I'll wait."),
    ("Is there a phone number for calling back?", "You can use the one I'm calling from."),
)

CHATTER = (
    ("How is the weather over there?", "Raining, as it has been all week, but we don't complain."),
    ("The system is a little slow this morning, bear with me.", "Take your time. I've got a coffee here."),
    ("I was in {city} myself last year, a lovely place.", "Oh, were you? People say the food is great."),
    ("Is that a dog I hear in the background?", "Ha, yes, that's Bruno. He wants to go out."),
    ("Just a second, I'm opening the next screen.", "All right. My daughter is calling too, she can wait."),
)

ACKNOWLEDGEMENTS = (
    "Thank you.",
    "Thanks, I've got it.",
    "Perfect, thank you very much.",
    "Right, I've noted that.",
    "Thank you, {last_name} it is, I have found it.",
)

# What agents say at length, which tells nothing about what the call is about.
SPEECHES = (
    (
        "I have your file on my screen now, with {city} on the {day}th of {month} and everything that belongs to "
        "it. Give me a moment to go through the notes that my colleagues have left here, so that you don't have "
        "to tell me everything again."
    ),
    (
        "Before we go on, I have to mention that this call may be recorded for training, and that all the "
        "information I give you is subject to the terms of our partners. If you don't agree to that, please say "
        "so, and I'll turn the recording off."
    ),
    (
        "What I can do is the following: I'll put a note into the file, speak with the partner in {city}, and get "
        "back to you by {weekday} at the latest. In most cases it takes far less than that, and you'll be told by "
        "mail as soon as there is news."
    ),
    (
        "I see that it's been handled by {other_name} so far. I'll take it over from here, and you can reach me "
        "directly under extension {account} from now on, every day between nine and five, except on public "
        "holidays."
    ),
    (
        "The partner's rules leave me little room, but let me see what I can do for you. There are two ways of "
        "going about it: either I settle it right now while you wait, or I hand it to our office in {city}, which "
        "takes until {weekday}."
    ),
)

GOODBYES = (
    ("Is there anything else?", "No, that was all. Thank you."),
    ("Can I do anything else for you?", "No thanks, bye."),
    ("Does that settle it for today?", "I think so. Have a nice day."),
)

SECOND_THOUGHTS = {
    "Booking Inquiry": "Oh, and some time I'd like to hear about offers for {month} too.",
    "Reservation Change": "By the way, I might have to alter another booking next month, but that's for later.",
    "Cancellation Request": "Worst case I would cancel, but I don't want to think of that now.",
    "Refund Issues": "I also had a refund from you once, that took ages.",
    "Travel Information": "And do you happen to know how hot it gets in {city}?",
    "Complaint": "Apart from that, the hold music is awful, if I may say so.",
    "Payment Problem": "I hope the card works this time.",
    "Loyalty Program": "I suppose I get points for all this?",
    "Special Accommodation": "And {relative} doesn't eat meat, just so you know.",
    "Technical Support": "I tried your app first, but it's hard to find anything there.",
}
