from accounts.models.actor import Actor, ActorType, Handle
from accounts.models.block import Block, Mute
from accounts.models.code_tries import CodeTries
from accounts.models.erasure import Erasure, Words
from accounts.models.follow import Follow
from accounts.models.structure import Manager, Proposal, Structure
from accounts.models.user import CityRole, User

__all__ = [
    "Actor",
    "ActorType",
    "Block",
    "CityRole",
    "CodeTries",
    "Erasure",
    "Follow",
    "Handle",
    "Manager",
    "Mute",
    "Proposal",
    "Structure",
    "User",
    "Words",
]
