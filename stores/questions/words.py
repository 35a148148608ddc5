"""Words that a moderator wants to know of. Short on purpose: a finding asks a person to look, it refuses nothing.

Written as `filters` folds them: lower case, without accents, ñ kept. Words with a harmless second meaning in a shop
(zorra, dick, cono) are left out.
"""

from typing import Final

_SPANISH = """
    cabron cabrona cabrones carajo chinga chingada chingadera chingar chingas chinguen coño culero culera culeros
    cagada estupido estupida gilipollas hijoputa hdp idiota imbecil joder jodete jodido maricon maricones mamon mamona
    mierda mierdas pendeja pendejada pendejas pendejo pendejos pinche puta putada putas puto putos verga vergas
"""
_ENGLISH = """
    arsehole asshole assholes bastard bastards bitch bitches bullshit cunt cunts fuck fucked fucker fuckers fucking
    fucks idiot moron motherfucker motherfuckers nigger retard shit shits shitty slut sluts wanker whore whores
"""

PROFANITY: Final = frozenset(_SPANISH.split()) | frozenset(_ENGLISH.split())
