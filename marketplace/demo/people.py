"""Who lives in the town: made-up names, and where the shops are (real coordinates of Mexico City)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop, its corner of the city, and the departments it sells from."""

    slug: str
    name: str
    latitude: float
    longitude: float
    departments: tuple[str, ...]


SHOPS = (
    Shop("centro-mercantil", "Centro Mercantil Madero", 19.4336, -99.1389, ("hogar", "ocio", "abarrotes")),
    Shop("la-lagunilla", "Bazar La Lagunilla", 19.4432, -99.1365, ("ocio", "moda")),
    Shop("la-merced", "Abarrotes La Merced", 19.4257, -99.1246, ("abarrotes",)),
    Shop("ciudadela", "Artesanías La Ciudadela", 19.4296, -99.1489, ("hogar", "moda")),
    Shop("juarez", "Electrónica Juárez", 19.4268, -99.1630, ("electronica",)),
    Shop("roma-norte", "Casa Roma Norte", 19.4187, -99.1616, ("hogar", "belleza")),
    Shop("medellin", "Mercado Medellín", 19.4074, -99.1650, ("abarrotes",)),
    Shop("condesa", "Librería Condesa", 19.4116, -99.1731, ("ocio",)),
    Shop("escandon", "Moda Escandón", 19.4020, -99.1776, ("moda",)),
    Shop("polanco", "Polanco Sonido", 19.4334, -99.1911, ("electronica", "ocio")),
    Shop("anzures", "Botica Anzures", 19.4306, -99.1775, ("belleza",)),
    Shop("santa-maria", "Despensa Santa María la Ribera", 19.4487, -99.1580, ("abarrotes", "hogar")),
    Shop("buenavista", "Tecno Buenavista", 19.4463, -99.1527, ("electronica",)),
    Shop("narvarte", "Mercadito Narvarte", 19.3977, -99.1545, ("abarrotes", "belleza")),
    Shop("del-valle", "Zapatería Del Valle", 19.3861, -99.1692, ("moda",)),
    Shop("mixcoac", "Hogar Mixcoac", 19.3757, -99.1876, ("hogar",)),
    Shop("coyoacan", "Café y Cacao Coyoacán", 19.3500, -99.1622, ("abarrotes", "ocio")),
    Shop("san-angel", "Jardín San Ángel", 19.3467, -99.1899, ("hogar", "belleza")),
    Shop("portales", "Bazar Portales", 19.3699, -99.1419, ("moda", "ocio")),
    Shop("xochimilco", "Huerta Xochimilco", 19.2573, -99.1035, ("abarrotes", "hogar")),
)

FIRST_NAMES = (
    "Sofía", "Valentina", "Regina", "Camila", "Ximena", "María José", "Renata", "Fernanda", "Guadalupe", "Daniela",
    "Mariana", "Andrea", "Paola", "Lucía", "Itzel", "Citlali", "Santiago", "Mateo", "Sebastián", "Leonardo",
    "Emiliano", "Diego", "Miguel Ángel", "Alejandro", "Daniel", "Rodrigo", "Joaquín", "Tonatiuh", "Héctor", "Raúl",
)  # fmt: skip
LAST_NAMES = (
    "Hernández", "García", "Martínez", "López", "González", "Pérez", "Rodríguez", "Sánchez", "Ramírez", "Cruz",
    "Flores", "Gómez", "Morales", "Vázquez", "Jiménez", "Reyes", "Torres", "Díaz", "Gutiérrez", "Mendoza",
    "Aguilar", "Ortiz", "Castillo", "Juárez", "Romero", "Xicoténcatl", "Zepeda", "Nava", "Ibarra", "Quiroz",
)  # fmt: skip
