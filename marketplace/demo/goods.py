"""What the town's shops sell: departments, categories, and goods at prices one would believe (pesos, tax included)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Good:
    """A thing as its label says it, between which prices it sells, and in which sizes, if any."""

    name: str
    least: int
    most: int
    sizes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shelf:
    """A category of a department with its goods. Tax in hundredths of a percent: food bears none."""

    slug: str
    name: str
    tax_bp: int
    brands: tuple[str, ...]
    goods: tuple[Good, ...]


CLOTHES = ("CH", "M", "G")
SHOES = ("24", "26", "28")

DEPARTMENTS = {
    "abarrotes": "Abarrotes",
    "hogar": "Hogar y cocina",
    "electronica": "Electrónica",
    "moda": "Moda",
    "belleza": "Salud y belleza",
    "ocio": "Libros, juegos y deporte",
}

TOWN: dict[str, tuple[Shelf, ...]] = {
    "abarrotes": (
        Shelf(
            "despensa",
            "Despensa",
            0,
            ("La Milpa", "Molino Viejo", "Tierra Buena"),
            (
                Good("Frijol negro 1 kg", 32, 48),
                Good("Arroz grano largo 1 kg", 28, 42),
                Good("Harina de maíz nixtamalizado 1 kg", 22, 30),
                Good("Aceite de aguacate 500 ml", 139, 189),
                Good("Miel de abeja 450 g", 95, 145),
                Good("Salsa macha artesanal 230 g", 89, 129),
                Good("Mole poblano en pasta 500 g", 79, 119),
                Good("Sal de mar de Colima 500 g", 35, 55),
            ),
        ),
        Shelf(
            "cafe-y-chocolate",
            "Café y chocolate",
            0,
            ("Altura de Coatepec", "Cacao Real", "La Parroquia Chica"),
            (
                Good("Café de Chiapas en grano 500 g", 149, 219),
                Good("Café de Coatepec molido 250 g", 95, 135),
                Good("Chocolate de mesa con canela 540 g", 89, 125),
                Good("Barra de cacao 70 % 80 g", 65, 95),
                Good("Cocoa sin azúcar 250 g", 72, 98),
                Good("Café de olla con piloncillo 400 g", 98, 142),
            ),
        ),
        Shelf(
            "frutas-y-verduras",
            "Frutas y verduras",
            0,
            ("Huerta Xochimilco", "Mercado Fresco"),
            (
                Good("Aguacate Hass, malla de 1 kg", 69, 109),
                Good("Jitomate saladette 1 kg", 24, 42),
                Good("Mango Ataúlfo 1 kg", 39, 65),
                Good("Nopal limpio 500 g", 22, 34),
                Good("Limón con semilla 1 kg", 28, 52),
                Good("Flor de calabaza, manojo", 25, 39),
            ),
        ),
    ),
    "hogar": (
        Shelf(
            "cocina",
            "Cocina",
            1600,
            ("Talavera Azul", "Peltre del Bajío", "Casa Barro"),
            (
                Good("Plato hondo de talavera 22 cm", 189, 279),
                Good("Olla de peltre 5 litros", 389, 549),
                Good("Molcajete de piedra volcánica", 449, 699),
                Good("Comal de acero 32 cm", 259, 379),
                Good("Juego de 6 vasos de vidrio soplado", 349, 499),
                Good("Tortillero tejido de palma", 119, 179),
                Good("Prensa para tortillas de hierro", 299, 429),
                Good("Cafetera de prensa 1 litro", 329, 489),
            ),
        ),
        Shelf(
            "recamara",
            "Recámara",
            1600,
            ("Telar Oaxaca", "Algodón Laguna"),
            (
                Good("Cobija de lana tejida", 899, 1490, ("Individual", "Matrimonial")),
                Good("Sábanas de algodón 180 hilos", 599, 899, ("Individual", "Matrimonial", "King")),
                Good("Almohada de microfibra", 179, 269),
                Good("Cortina de lino 2.20 m", 489, 749),
                Good("Lámpara de buró de barro negro", 559, 890),
            ),
        ),
        Shelf(
            "jardin",
            "Jardín y terraza",
            1600,
            ("Casa Barro", "Patio Verde"),
            (
                Good("Maceta de barro 30 cm", 149, 229),
                Good("Hamaca de algodón", 749, 1190),
                Good("Regadera galvanizada 8 litros", 259, 349),
                Good("Suculentas, charola de 6", 189, 269),
                Good("Tijera de poda", 169, 249),
            ),
        ),
    ),
    "electronica": (
        Shelf(
            "audio",
            "Audio",
            1600,
            ("Sonora", "Ritmo", "Eco Audio"),
            (
                Good("Audífonos inalámbricos con estuche", 599, 1290),
                Good("Bocina portátil resistente al agua", 749, 1490),
                Good("Barra de sonido 2.1", 1990, 3290),
                Good("Micrófono USB de escritorio", 890, 1590),
                Good("Tocadiscos con preamplificador", 2490, 3990),
            ),
        ),
        Shelf(
            "computo",
            "Cómputo",
            1600,
            ("Tecla", "Nopal Tech"),
            (
                Good("Teclado mecánico en español", 890, 1690),
                Good("Ratón inalámbrico silencioso", 249, 449),
                Good("Monitor 24 pulgadas Full HD", 2490, 3490),
                Good("Memoria USB-C 128 GB", 219, 349),
                Good("Disco sólido externo 1 TB", 1390, 1990),
                Good("Base ventilada para laptop", 349, 549),
            ),
        ),
        Shelf(
            "celulares",
            "Celulares y accesorios",
            1600,
            ("Nopal Tech", "Puente"),
            (
                Good("Cargador rápido USB-C 30 W", 289, 449),
                Good("Funda antigolpes transparente", 149, 229),
                Good("Batería externa 10,000 mAh", 399, 649),
                Good("Soporte para auto con ventosa", 179, 299),
                Good("Reloj inteligente con GPS", 1490, 2690),
            ),
        ),
    ),
    "moda": (
        Shelf(
            "ropa",
            "Ropa",
            1600,
            ("Telar Oaxaca", "Barrio", "Magnolia"),
            (
                Good("Camisa de manta bordada", 449, 749, CLOTHES),
                Good("Playera de algodón orgánico", 229, 349, CLOTHES),
                Good("Sudadera con capucha", 499, 799, CLOTHES),
                Good("Pantalón de mezclilla recto", 549, 849, CLOTHES),
                Good("Vestido de lino midi", 799, 1290, CLOTHES),
                Good("Rebozo de Santa María", 890, 1690),
            ),
        ),
        Shelf(
            "calzado",
            "Calzado y piel",
            1600,
            ("León Cuero", "Barrio"),
            (
                Good("Botines de piel", 1190, 1890, SHOES),
                Good("Huaraches tejidos", 449, 749, SHOES),
                Good("Tenis urbanos de lona", 549, 899, SHOES),
                Good("Cinturón de piel", 299, 479),
                Good("Bolsa tote de piel", 1290, 2190),
                Good("Cartera delgada de piel", 349, 549),
            ),
        ),
    ),
    "belleza": (
        Shelf(
            "cuidado-personal",
            "Cuidado personal",
            1600,
            ("Sábila", "Flor de Mayo", "Agua Clara"),
            (
                Good("Jabón artesanal de avena 120 g", 55, 89),
                Good("Champú de romero 400 ml", 119, 189),
                Good("Crema corporal de cacao 250 ml", 139, 219),
                Good("Protector solar FPS 50", 229, 349),
                Good("Cepillo dental de bambú, 4 piezas", 99, 149),
                Good("Aceite de argán 60 ml", 179, 279),
            ),
        ),
        Shelf(
            "bienestar",
            "Bienestar",
            1600,
            ("Flor de Mayo", "Agua Clara"),
            (
                Good("Vela de cera de soya y copal", 169, 259),
                Good("Difusor de aromas ultrasónico", 389, 599),
                Good("Tapete de yoga 6 mm", 349, 549),
                Good("Termómetro digital", 119, 189),
                Good("Botella térmica 750 ml", 299, 449),
            ),
        ),
    ),
    "ocio": (
        Shelf(
            "libros",
            "Libros",
            0,
            ("Ediciones del Zócalo", "Papel Picado"),
            (
                Good("Cuentos de la Ciudad de México", 189, 289),
                Good("Recetario de la cocina poblana", 349, 549),
                Good("Atlas ilustrado de aves de México", 429, 649),
                Good("Cuaderno de dibujo, papel algodón", 149, 229),
                Good("Novela negra en la colonia Roma", 229, 329),
            ),
        ),
        Shelf(
            "juguetes",
            "Juguetes y juegos",
            1600,
            ("Papel Picado", "Trompo"),
            (
                Good("Lotería ilustrada, edición de lujo", 199, 319),
                Good("Rompecabezas de 1,000 piezas", 249, 379),
                Good("Trompo y balero de madera", 99, 159),
                Good("Bloques de madera, 60 piezas", 349, 529),
                Good("Ajedrez plegable de madera", 389, 599),
            ),
        ),
        Shelf(
            "deporte",
            "Deporte",
            1600,
            ("Cima", "Barrio"),
            (
                Good("Balón de futbol número 5", 299, 499),
                Good("Casco para bicicleta urbana", 549, 890),
                Good("Mochila de montaña 30 litros", 849, 1390),
                Good("Ligas de resistencia, juego de 5", 199, 329),
                Good("Luces LED para bicicleta", 219, 349),
            ),
        ),
    ),
}
