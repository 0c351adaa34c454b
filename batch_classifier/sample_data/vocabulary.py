"""Names, places and numbers that fill the gaps in the sample texts."""

FIRST_NAMES = (
    "Aaliyah Ahmet Aino Amélie Anders Bohdan Carmen Chiara Daniel Dmitri Elif Emeka Fatima Fiona Grace Håkon "
    "Hiroshi Inés Ivan Jamal Jürgen Kateřina Kofi Léa Liang Łukasz Mariana Mehmet Nadia Niamh Ousmane Paweł "
    "Priya Quentin Rahul Renée Søren Soo-jin Tamara Thomas Uxía Verónica Walter Xiulan Yusuf Zoë"
).split()

LAST_NAMES = (
    "Abernathy Åkesson Baptiste Castañeda Çelik Delacroix Dvořák Eriksen Fernández Fitzgerald Grünwald Haddad "
    "Ivanova Jönsson Kowalczyk Lindqvist Mbeki Müller Nakamura Núñez O'Sullivan Okafor Öztürk Papadopoulos "
    "Quispe Rossi Sørensen Szabó Tanaka Thørgersen Ueda Vásquez Walker Wójcik Yamamoto Zając"
).split()

CITIES = (
    "Accra",
    "Amsterdam",
    "Athens",
    "Auckland",
    "Bogotá",
    "Budapest",
    "Cape Town",
    "Copenhagen",
    "Düsseldorf",
    "Edinburgh",
    "Florence",
    "Hanoi",
    "Honolulu",
    "Kraków",
    "Kyoto",
    "Málaga",
    "Marrakesh",
    "Montréal",
    "Nashville",
    "Porto",
    "Reykjavík",
    "San José",
    "São Paulo",
    "Seville",
    "Singapore",
    "Stockholm",
    "Tbilisi",
    "Valparaíso",
    "Zürich",
)

COUNTRIES = (
    "Argentina",
    "Bhutan",
    "Cambodia",
    "Ecuador",
    "Georgia",
    "Jordan",
    "Laos",
    "Madagascar",
    "Namibia",
    "Oman",
    "Portugal",
    "Senegal",
    "Sri Lanka",
    "Tunisia",
    "Uruguay",
    "Uzbekistan",
)

HOTELS = (
    "Harbour Lights",
    "Casa Limón",
    "the Old Mill Inn",
    "Pension Edelweiß",
    "Blue Heron Lodge",
    "Villa Oleandro",
    "the Station Hotel",
    "Riad Zahra",
    "Fjordview Suites",
    "the Golden Lantern",
)

MONTHS = "January February March April May June July August September October November December".split()
# Days whose ordinal ends in "th", as the texts have it.
DAYS = "4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 24 25 26 27 28".split()
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
RELATIVES = (
    "my wife",
    "my husband",
    "my partner",
    "my brother",
    "my aunt",
    "my best friend",
    "my daughter",
    "my uncle",
)
NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")

COMPANIES = (
    "Ångström Robotics",
    "Baltic Freight",
    "Citrus Health",
    "Delta Foundry",
    "École Lumière",
    "Ferrum Logistics",
    "Granja Verde",
    "Hoffmann & Söhne",
    "Iguazú Energía",
    "Juniper Schools",
    "Kestrel Insurance",
    "Lumen Retail",
    "Meridian Hotels",
    "Nørrebro Foods",
    "Orchid Pharma",
    "Pacific Tooling",
    "Quarry Lane Bank",
    "Ruukki Timber",
    "Saffron Media",
    "Tessera Tiles",
)

RIVALS = ("Atlasdesk", "Brightpath", "Cobalt Suite", "Nimbra", "Orbitra", "Plainsail", "Quillworks", "Verdanta")
SYSTEMS = ("Dynamics", "HubSpot", "Jira", "NetSuite", "Oracle", "SAP", "ServiceNow", "Workday")
ROLES = (
    "head of operations",
    "IT manager",
    "managing director",
    "plant manager",
    "sales director",
    "controller",
    "head of purchasing",
    "service lead",
)
REGIONS = ("Benelux", "DACH", "Iberia", "LATAM", "Nordics", "North America", "Pacific", "UK and Ireland")
CHANNELS = ("phone", "chat", "callback", "app")
