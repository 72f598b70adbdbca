"""
Brest, for the demonstration: who, which ruches, what is said there.

The systems, places and figures are the city's own, each with its year. Nobody
here exists: accounts are roles, and what they say was invented.
"""

from dataclasses import dataclass, field

MINUTE, HOUR, DAY = 1, 60, 60 * 24

# The doors that the README and `serve` print. ``voisin`` belongs to nothing.
ACCOUNTS = ("habitante", "membre", "animatrice", "mediatrice", "moderatrice", "administratrice")
OUTSIDER = "voisin"


@dataclass(frozen=True)
class Person:
    handle: str
    name: str
    summary: str = ""
    discoverable: bool = True
    city_role: str = ""
    # The structure one acts for, and how.
    acts_for: str = ""
    acts_as: str = "manager"


@dataclass(frozen=True)
class Note:
    """``ago`` in minutes; ``replies`` as (author, minutes after, words)."""

    author: str
    ago: int
    words: str
    level: int = 5
    thanks: tuple[str, ...] = ()
    replies: tuple[tuple[str, int, str], ...] = ()
    pinned: bool = False
    picture: str = ""
    describes: str = ""


@dataclass(frozen=True)
class Session:
    """A session of a festival, on its day ``day`` (1 the first)."""

    day: int
    begins: str
    ends: str
    name: str
    room: str = ""
    words: str = ""
    capacity: int | None = None
    coming: tuple[str, ...] = ()


@dataclass(frozen=True)
class Meeting:
    """An event ``in_days`` from today; hours as clocks show them; seats taken by ``coming``."""

    ruche: str
    in_days: int
    begins: str
    ends: str
    name: str
    words: str
    place: str = ""
    online_url: str = ""
    level: int = 5
    capacity: int | None = None
    guests_most: int = 0
    # Whether one comes without an account.
    open_to_all: bool = False
    coming: tuple[str, ...] = ()
    cancelled: str = ""
    lasts_days: int = 1
    # How it comes back: see ``groups.models.Rhythm``.
    rhythm: str = ""
    sessions: tuple[Session, ...] = ()


@dataclass(frozen=True)
class Ruche:
    handle: str
    name: str
    summary: str
    themes: tuple[str, ...]
    organisers: tuple[str, ...]
    members: tuple[str, ...] = ()
    visibility: str = "public"
    join_policy: str = "open"
    posting_policy: str = "members"
    sensitive: bool = False
    rules: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    structure: str = ""
    asking: tuple[tuple[str, tuple[str, ...]], ...] = ()
    notes: tuple[Note, ...] = field(default=())


# (handle, name, kind). Places of the network of public access points.
STRUCTURES = (
    ("point-48-accueil", "Point 48", "association"),
    ("le-gouill", "Patronage laïque Le Gouill", "association"),
    ("vivre-la-rue", "Vivre la Rue", "association"),
    ("don-bosco", "Don Bosco Lambézellec", "social-centre"),
    ("ville-internet", "Service internet et expression multimédia", "city-service"),
)

PEOPLE = (
    Person("habitante", "Habitante de Kérourien", "J’apprends la tablette, je tricote."),
    Person("membre", "Bénévole d’Entraide et amitié", "Le café est chaud le mardi."),
    Person(
        "animatrice",
        "Coordinatrice de Repères dans la cité",
        "Je réponds aux structures du réseau et aux personnes qui s’y perdent.",
        acts_for="ville-internet",
    ),
    Person(
        "mediatrice",
        "Médiatrice du Point 48",
        "J’aide à faire les démarches, avec vous, à votre rythme.",
        acts_for="point-48-accueil",
        acts_as="mediator",
    ),
    Person("moderatrice", "Modératrice de la ville", city_role="moderator"),
    Person("administratrice", "Administratrice de la ville", city_role="administrator"),
    Person("voisin", "Voisin de Bellevue", discoverable=False),
    Person("animateur.legouill", "Animateur du patronage laïque Le Gouill", acts_for="le-gouill"),
    Person("benevole.resto", "Bénévole des Restos du cœur"),
    Person("benevole.millepattes", "Bénévole du Mille Pattes", acts_for="vivre-la-rue"),
    Person("conseillere.kerelie", "Conseillère du FJT Kérélie"),
    Person("redactrice", "Rédactrice d’un site participatif"),
    Person("cartographe", "Cartographe bénévole"),
    Person("animatrice.internet", "Animatrice d’Internet pour tous"),
    Person("bricoleur", "Bricoleur de PAPIFab"),
    Person("habitant.lambe", "Habitant de Lambézellec"),
    Person("habitante.pontanezen", "Habitante de Pontanézen"),
    Person(
        "agent.papi",
        "Agent de la ville, suivi des points d’accès",
        acts_for="ville-internet",
    ),
)

REPERES_RULES = (
    "On parle de soi, jamais de la vie des autres.",
    "Pas de nom de famille, pas de photo sans accord.",
    "On ne juge pas. On demande avant de conseiller.",
    "Pas de vente, pas de politique de parti.",
    "Un doute ? On écrit aux organisateurs.",
)

RUCHES = (
    Ruche(
        "reperes",
        "Repères dans la cité",
        "Le réseau brestois contre l’isolement des personnes en précarité : accueils,"
        " associations, habitants. 115 structures y écrivent ensemble, sous neuf rubriques.",
        ("droits", "sac", "toit"),
        ("animatrice", "mediatrice"),
        (
            "membre",
            "habitante",
            "benevole.resto",
            "benevole.millepattes",
            "conseillere.kerelie",
            "animateur.legouill",
        ),
        join_policy="request",
        rules=REPERES_RULES,
        questions=(
            "Qu’est-ce qui vous amène ?",
            "Venez-vous pour vous-même, ou au nom d’une structure ?",
        ),
        asking=(
            (
                "habitant.lambe",
                ("Je cherche où laver mon linge et discuter un peu.", "Pour moi-même."),
            ),
        ),
        notes=(
            Note(
                "animatrice",
                2 * DAY,
                "**Plan grand froid : où dormir, où manger.** Des accueils restent ouverts la nuit."
                " Le 115 répond jour et nuit, sans crédit sur le téléphone.\n\nImprimez ce message"
                " pour les personnes sans téléphone.",
                pinned=True,
                thanks=("membre", "mediatrice", "habitante"),
            ),
            Note(
                "mediatrice",
                12 * MINUTE,
                "La domiciliation change de bureau : à partir de lundi, on vous reçoit au Point 48,"
                " à gauche de l’entrée. Venez avec un papier à votre nom, même ancien. Si vous n’en"
                " avez pas, venez quand même.",
                thanks=("animatrice", "membre", "benevole.resto", "habitante"),
                replies=(
                    (
                        "benevole.resto",
                        4,
                        "Merci. On peut envoyer des gens dès aujourd’hui, ou faut-il attendre ?",
                    ),
                    ("mediatrice", 8, "Dès aujourd’hui, jusqu’à 17 h."),
                ),
            ),
            Note(
                "animatrice",
                DAY + 3 * HOUR,
                "Rappel des neuf rubriques, pour ranger vos messages : Accéder aux droits,"
                " Poser son sac, Se former, Se déplacer, Accéder aux loisirs et à la culture,"
                " Se soigner, Prendre soin de soi, Se nourrir, Avoir un toit. #repères",
                thanks=("mediatrice",),
            ),
            Note(
                "benevole.resto",
                5 * HOUR,
                "Entre nous : l’accueil de jeudi manque de bras de 9 h à 11 h. Qui peut passer ?",
                level=2,
                replies=(("membre", 25, "Moi, avec une amie. On apporte les tasses."),),
            ),
            Note(
                "habitante",
                3 * DAY,
                "La première fois, je n’osais pas entrer. Maintenant j’y vais pour le plaisir."
                " Si quelqu’un hésite, je l’accompagne.",
                level=2,
                thanks=("animatrice", "mediatrice", "membre", "benevole.millepattes"),
            ),
        ),
    ),
    Ruche(
        "kerourien",
        "Coup de main entre voisins de Kérourien",
        "Prêter une échelle, garder un chat, réparer une chaise. On habite à côté, on s’aide.",
        ("voisinage",),
        ("habitante",),
        ("membre", "mediatrice", "bricoleur"),
        rules=("On rend ce qu’on emprunte.", "On sonne avant 20 h."),
        notes=(
            Note(
                "habitante",
                20 * HOUR,
                "Je cherche quelqu’un pour m’aider à brancher une imprimante. J’offre le café et le"
                " kouign-amann.",
                thanks=("membre", "bricoleur"),
                replies=(
                    ("bricoleur", 40, "Je passe samedi matin, vers 10 h ?"),
                    ("habitante", 55, "Parfait. Deuxième étage, porte bleue."),
                ),
            ),
            Note(
                "membre",
                4 * DAY,
                "La machine à coudre du local est réparée. Elle attend vos ourlets.",
                level=3,
            ),
        ),
    ),
    Ruche(
        "papi",
        "Points d’accès publics à Internet",
        "Mairies, médiathèques, centres sociaux, associations : un ordinateur, une imprimante et"
        " quelqu’un pour aider, gratuitement. 101 points en 2010, 111 en 2014, 108 en 2017.",
        ("numerique", "former"),
        ("agent.papi", "mediatrice"),
        ("animateur.legouill", "benevole.millepattes", "conseillere.kerelie", "membre"),
        structure="ville-internet",
        notes=(
            Note(
                "agent.papi",
                7 * HOUR,
                "Pour mémoire, les points d’accès créés en 2009-2010 : patronage laïque Le Gouill,"
                " ASPTT, Point 48, Don Bosco Lambézellec, Entraide et amitié, FJT Kérélie, Restos"
                " du cœur, Le Mille Pattes, local social de la rue Maleyssie, En route pour"
                " l’emploi, ADESS. Si l’adresse ou les horaires du vôtre ont changé,"
                " répondez ici. #papi",
                thanks=("mediatrice", "animateur.legouill"),
            ),
            Note(
                "conseillere.kerelie",
                2 * DAY + HOUR,
                "Notre imprimante imprime de nouveau. Apportez vos CV, on les relit ensemble.",
            ),
            Note(
                "agent.papi",
                26 * HOUR,
                "Tournée d’entretien : dites-nous ici quel ordinateur est lent, lequel ne démarre"
                " plus. On passe avant la fin du mois.",
                level=2,
            ),
        ),
    ),
    Ruche(
        "internet-pour-tous",
        "Internet pour tous en habitat social",
        "Un accès à petit prix, partagé dans l’immeuble, et des personnes pour accompagner :"
        " s’installer, acheter un ordinateur, comprendre un contrat. 8 secteurs et 4 700 logements"
        " en 2017.",
        ("numerique", "voisinage"),
        ("animatrice.internet",),
        ("habitante", "habitante.pontanezen", "agent.papi"),
        notes=(
            Note(
                "animatrice.internet",
                9 * HOUR,
                "Un contrat que vous ne comprenez pas ? Ne signez pas seul. Photographiez-le, venez"
                " avec, on le lit ensemble.",
                thanks=("habitante", "mediatrice"),
            ),
        ),
    ),
    Ruche(
        "papifabs",
        "PAPIFabs",
        "Fabriquer, réparer, imprimer en trois dimensions, dans les points d’accès, avec les"
        " FabLabs. Depuis 2015.",
        ("numerique", "culture"),
        ("bricoleur",),
        ("animateur.legouill", "cartographe"),
        notes=(
            Note(
                "animateur.legouill",
                3 * HOUR,
                "Le pont de Recouvrance, gravé en lino par les enfants mercredi. Dix plaques, une"
                " seule presse, aucun doigt coupé.",
                picture="pont.jpg",
                describes="Gravure : le pont levant de Recouvrance entre deux rives de maisons,"
                " un voilier et le soleil bas sur l’eau.",
                thanks=("bricoleur", "habitante", "membre", "cartographe", "redactrice"),
                replies=(("bricoleur", 30, "On en tire une grande pour le hall ?"),),
            ),
        ),
    ),
    Ruche(
        "sites-participatifs",
        "Sites participatifs",
        "Les webmagazines que les habitants et les associations écrivent ensemble : a-brest,"
        " participation, eco-sol, solinter, Forum santé Brest… 8 sites en 2011, 9 en 2017.",
        ("memoire",),
        ("redactrice",),
        ("cartographe", "animatrice", "agent.papi"),
        notes=(
            Note(
                "redactrice",
                30 * HOUR,
                "Écrire un premier article, ce n’est pas écrire bien : c’est dire ce que vous"
                " faites et où vous trouver. On relit à deux, toujours.",
                thanks=("animatrice",),
            ),
        ),
    ),
    Ruche(
        "wiki-brest",
        "Wiki-Brest",
        "Les carnets collaboratifs du pays de Brest : quartiers, gens, histoires, recettes."
        " Chacun peut écrire et corriger.",
        ("memoire", "culture"),
        ("cartographe",),
        ("redactrice", "habitant.lambe"),
        notes=(
            Note(
                "habitant.lambe",
                5 * DAY,
                "Quelqu’un a-t-il des photos du bourg de Lambézellec avant les travaux ? On écrit"
                " la page du quartier.",
            ),
        ),
    ),
    Ruche(
        "cartes-ouvertes",
        "Cartes ouvertes au pays de Brest",
        "On relève, on dessine et on partage, avec OpenStreetMap : fontaines, bancs, rampes,"
        " arrêts de bus.",
        ("memoire", "deplacer"),
        ("cartographe",),
        ("bricoleur",),
        notes=(
            Note(
                "cartographe",
                50 * HOUR,
                "Prochaine sortie : les passages en pente douce autour des points d’accès. Il faut"
                " des yeux et de bonnes chaussures, pas d’ordinateur. #accessibilité",
                thanks=("agent.papi", "conseillere.kerelie"),
            ),
        ),
    ),
    Ruche(
        "biens-communs",
        "Brest en biens communs",
        "Le festival des choses que l’on partage : savoirs, logiciels, jardins, cartes, musique."
        " Avec les villes du réseau Villes en biens communs, depuis 2013.",
        ("culture", "memoire"),
        ("redactrice", "cartographe"),
        ("animatrice", "agent.papi", "bricoleur"),
        notes=(
            Note(
                "redactrice",
                6 * DAY,
                "Lyon, Paris, Nantes, Rennes, Toulouse : plus de dix villes et villages partagent"
                " leurs initiatives. Laquelle des nôtres aimeriez-vous voir reprise ailleurs ?",
                replies=(
                    ("bricoleur", 3 * HOUR, "Les PAPIFabs, sans hésiter."),
                    ("animatrice", 5 * HOUR, "Les neuf rubriques de Repères."),
                ),
            ),
        ),
    ),
    Ruche(
        "usages-cooperatifs",
        "Forum des usages coopératifs",
        "Plusieurs jours pour apprendre des autres : ateliers, récits, rencontres.",
        ("former", "culture"),
        ("agent.papi",),
        ("animatrice", "redactrice", "mediatrice"),
        posting_policy="organisers",
    ),
    Ruche(
        "appel-a-projets",
        "Appel à projets multimédia",
        "Chaque année la ville soutient des projets, en argent ou en prêt de matériel, avec le"
        " contrat de ville : 30 projets en 2011, 35 à 55 en 2021.",
        ("numerique", "former"),
        ("agent.papi",),
        ("animateur.legouill", "conseillere.kerelie", "benevole.millepattes"),
        structure="ville-internet",
        posting_policy="organisers",
        notes=(
            Note(
                "agent.papi",
                8 * DAY,
                "Un projet peut recevoir un prêt de matériel plutôt que de l’argent : ordinateurs,"
                " appareils photo, enregistreurs. Dites ce qu’il vous faut, on cherche ensemble.",
            ),
        ),
    ),
    Ruche(
        "mille-pattes",
        "Le Mille Pattes",
        "L’accueil de jour de Vivre la Rue : un café, un casier, une prise, des gens.",
        ("sac", "nourrir"),
        ("benevole.millepattes",),
        ("animatrice", "membre"),
        structure="vivre-la-rue",
        notes=(
            Note(
                "benevole.millepattes",
                28 * HOUR,
                "On a retrouvé un bonnet bleu tricoté main. Il attend sa tête au comptoir.",
                thanks=("habitante",),
            ),
        ),
    ),
    Ruche(
        "poser-son-sac",
        "Poser son sac",
        "Un espace à nous, pour parler de ce qui est dur sans que cela sorte d’ici.",
        ("sac", "soin"),
        ("mediatrice",),
        ("habitante", "membre"),
        visibility="closed",
        join_policy="request",
        sensitive=True,
        rules=REPERES_RULES[:3],
        questions=("Dites en une phrase ce que vous cherchez ici.",),
        asking=(("habitante.pontanezen", ("Je ne dors plus bien, j’aimerais en parler.",)),),
        notes=(
            Note(
                "habitante",
                31 * HOUR,
                "Aujourd’hui j’ai ouvert tout le courrier d’un coup. Ce n’était pas si terrible à"
                " deux.",
                level=2,
                thanks=("mediatrice", "membre"),
            ),
        ),
    ),
    Ruche(
        "coordination-papi",
        "Coordination des points d’accès",
        "Les responsables préparent ici les réunions.",
        ("numerique",),
        ("agent.papi",),
        ("mediatrice",),
        visibility="hidden",
        join_policy="invitation",
        notes=(
            Note("agent.papi", 10 * DAY, "Ordre du jour de jeudi : horaires d’hiver.", level=2),
        ),
    ),
)

# (who asks, handle, name, presentation, why). Waits on the desk.
ASKED = (
    (
        "habitante.pontanezen",
        "jardin-pontanezen",
        "Jardin de Pontanézen",
        "Des bacs, des graines et des voisins.",
        "Nous sommes douze et il nous faut un endroit pour nous donner rendez-vous.",
    ),
)

CITY_NOTES = (
    Note(
        "habitant.lambe",
        90 * MINUTE,
        "Je donne des bocaux vides, une trentaine. Lambézellec, près de la place.",
        thanks=("habitante",),
    ),
    Note(
        "voisin",
        11 * DAY,
        "Bonjour, je viens d’arriver à Bellevue. Par quoi commencer ?",
        replies=(
            ("agent.papi", 2 * HOUR, "Bienvenue. Passez boire un café dans un point d’accès !"),
        ),
    ),
)

# (name, where, quarter, latitude and longitude, how one gets in). The city's own places; no
# street is invented. Quarters and positions are the demonstration's, right to a kilometre.
PLACES = (
    ("Patronage laïque Le Gouill", "Brest", "Saint-Marc", 48.396, -4.461,
     "Ascenseur, toilettes accessibles."),
    ("Point 48", "Brest", "Brest-Centre", 48.390, -4.486,
     "De plain-pied. Un ordinateur et une imprimante."),
    ("Don Bosco Lambézellec", "Lambézellec, Brest", "Lambézellec", 48.414, -4.488, ""),
    ("Le Mille Pattes", "Brest", "Quatre-Moulins", 48.386, -4.507,
     "Une marche à l’entrée : sonnez, on vous aide."),
    ("ADESS", "Brest", "Bellevue", 48.405, -4.503, ""),
)  # fmt: skip

MEETINGS = (
    Meeting(
        "papi",
        1,
        "14:00",
        "16:00",
        "Atelier tablette : écrire à sa famille, garder ses photos",
        "On apprend ensemble, à son rythme. Une tablette est prêtée à chacun. Gratuit.",
        place="Patronage laïque Le Gouill",
        capacity=8,
        guests_most=1,
        open_to_all=True,
        coming=("habitante", "habitant.lambe", "habitante.pontanezen", "membre", "bricoleur"),
    ),
    Meeting(
        "reperes",
        2,
        "10:00",
        "12:00",
        "Café des accueils : qui ouvre cet hiver ?",
        "Chaque structure dit ses horaires d’hiver. Café et brioche.",
        place="Point 48",
        coming=("membre", "mediatrice"),
    ),
    Meeting(
        "papifabs",
        3,
        "14:00",
        "17:30",
        "Repair café",
        "Apportez ce qui ne marche plus : grille-pain, lampe, radio.",
        place="Don Bosco Lambézellec",
        cancelled="La salle n’est pas chauffée.",
        coming=("habitante",),
    ),
    Meeting(
        "internet-pour-tous",
        4,
        "18:30",
        "20:00",
        "Brancher Internet à la maison : vos questions",
        "Contrats, prix, installation : on regarde ensemble vos papiers. Gratuit.",
        place="ADESS",
        online_url="https://visio.example/internet-pour-tous",
        capacity=2,
        coming=("voisin", "habitante.pontanezen", "habitante"),
    ),
    Meeting(
        "usages-cooperatifs",
        10,
        "10:00",
        "17:00",
        "Forum des usages coopératifs",
        "Plusieurs jours pour apprendre des autres : ateliers, récits, rencontres.",
        place="Patronage laïque Le Gouill",
        lasts_days=3,
        coming=("redactrice", "cartographe"),
    ),
    Meeting(
        "mille-pattes",
        1,
        "09:00",
        "11:30",
        "Petit déjeuner partagé",
        "On pose son sac, on se réchauffe. Rien à apporter.",
        place="Le Mille Pattes",
        open_to_all=True,
    ),
    Meeting(
        "coordination-papi",
        3,
        "09:30",
        "11:00",
        "Réunion des responsables",
        "Les horaires d’hiver, point par point.",
        place="Point 48",
        level=2,
        coming=("agent.papi", "mediatrice"),
    ),
    Meeting(
        "papi",
        1,
        "17:00",
        "19:00",
        "Permanence numérique",
        "Un ordinateur, une imprimante et quelqu’un à côté de vous : courriel, démarches, photos."
        " On vient sans rendez-vous, avec ses papiers. Gratuit.",
        place="Don Bosco Lambézellec",
        coming=("habitante", "habitant.lambe"),
        rhythm="weekly",
    ),
    Meeting(
        "biens-communs",
        12,
        "09:30",
        "18:00",
        "Brest en biens communs : le festival",
        "Deux jours pour partager ce que l’on sait : logiciels, jardins, cartes, musique. Entrée"
        " libre, on vient à l’heure que l’on veut.",
        place="Point 48",
        coming=("animatrice", "bricoleur", "habitante"),
        lasts_days=2,
        sessions=(
            Session(1, "09:30", "10:30", "Ouverture : la ville en biens communs", "Grande salle"),
            Session(
                1,
                "10:45",
                "12:15",
                "Atelier Wiki-Brest : écrire un article sur sa rue",
                "Salle des ordinateurs",
                "On apporte une photo ou un souvenir ; l’article s’écrit à deux.",
                capacity=12,
                coming=("habitante", "redactrice"),
            ),
            Session(
                1,
                "14:00",
                "16:00",
                "Cartopartie : les rampes et les bancs du quartier",
                "Rendez-vous à l’entrée",
                "On marche une heure, puis on dessine dans OpenStreetMap.",
                capacity=20,
                coming=("bricoleur",),
            ),
            Session(1, "14:00", "15:30", "Musique libre : enregistrer et partager", "Grande salle"),
            Session(1, "16:30", "18:00", "Internet en habitat social : le récit", "Grande salle"),
            Session(
                2,
                "10:00",
                "12:00",
                "Réparer ensemble, avec les PAPIFabs",
                "Salle des ordinateurs",
                capacity=15,
            ),
            Session(2, "10:00", "11:30", "Graines et boutures : le troc", "Grande salle"),
            Session(
                2,
                "14:00",
                "16:00",
                "Villes en biens communs : ce qui marche ailleurs",
                "Grande salle",
                "Plus de dix villes et villages partagent leurs initiatives depuis 2013.",
                coming=("animatrice",),
            ),
            Session(2, "16:30", "18:00", "Ce que l’on fait ensemble l’an prochain", "Grande salle"),
        ),
    ),
)
