"""What other contexts may ask of stores."""

from .catalog.bulk import add_brands, add_categories, add_pictures
from .catalog.selectors import (
    prices_on,
    product_faces,
    products_there,
    variant_card,
    variant_cards,
    variants_on_shelves,
)
from .catalog.services import publish_prices, replace_prices, withdraw_prices
from .catalog.shelf import goods_on_sale, newest_on_sale, products_on_sale
from .figures import kpis
from .inventory.errors import InsufficientStockError, Shortage, StockKeyReusedError
from .inventory.figures import available_of, stock_by_store, stock_health, stock_value
from .inventory.selectors import stock_log, stock_name
from .inventory.services import (
    adjust_stock,
    lock_stock,
    receive_stock,
    release_stock,
    reserve_stock,
    sell_reserved_unit,
    sell_stock,
)
from .inventory.stocking import add_catalog
from .merchants.bulk import add_stores
from .merchants.selectors import has_stores, people_of_store, store_place, stores_run_by
from .procurement.bulk import add_suppliers, order_from_supplier
from .procurement.replenishment import refresh_suggestions
from .procurement.selectors import order_name as purchase_order_name
from .questions.selectors import question_card

__all__ = [
    "InsufficientStockError",  # refusal: says which item, what was asked and what is available
    "Shortage",  # what `InsufficientStockError` is told: a stock item, what was asked and what is available
    "StockKeyReusedError",  # refusal: the key was used for another movement
    "add_brands",  # brands by slug, those that are not there yet
    "add_catalog",  # products, variants and opening stock by (store slug, slug / SKU), those not there yet
    "add_categories",  # categories by slug, parents first, those not there yet
    "add_pictures",  # a first picture of products that have none
    "add_stores",  # stores by slug with their owners, those not there yet
    "add_suppliers",  # suppliers of departments with their price lists, those not there yet
    "adjust_stock",  # correct on_hand by signed quantities, for a reason
    "available_of",  # what may still be promised of many variants, over their stores; one query
    "goods_on_sale",  # those of very many products that can be bought now, with what they belong to; one query
    "has_stores",  # whether there is any store: an empty database has none
    "kpis",  # figures for the dashboard
    "lock_stock",  # lock the items of many lines in house order, before several calls move them
    "newest_on_sale",  # the products added last that can be bought now, in all or in a category's tree; one query
    "order_from_supplier",  # draft and place an order; its id
    "people_of_store",  # ids of the owners and members of a store
    "prices_on",  # what many variants cost at a moment, before promotions; one query
    "product_faces",  # first picture and category of products, for lists; one query
    "products_on_sale",  # those of some products that can be bought now, with what a selection shows; one query
    "products_there",  # which of some ids are products that are not archived; one query
    "publish_prices",  # promoted prices that lists show, in place of the same source's earlier ones
    "purchase_order_name",  # a purchase order as people call it, and whose it is; NotFoundError
    "question_card",  # a question, whom it concerns and where it stands, for messages about it; NotFoundError
    "receive_stock",  # goods came in; opens the stock item the first time
    "refresh_suggestions",  # compute anew what ought to be ordered; how many suggestions there are
    "release_stock",  # give back what was set aside
    "replace_prices",  # exactly these promoted prices of these variants, by source; a few statements for any number
    "reserve_stock",  # set aside, all lines or none
    "sell_reserved_unit",  # sell one unit that was set aside, at once, in the caller's transaction
    "sell_stock",  # goods leave, set aside before or not
    "stock_by_store",  # the stores with most to reorder; one query
    "stock_health",  # how many items are sold out or to be reordered, and what is on the shelves; two queries
    "stock_log",  # movements by cause, oldest first; one query
    "stock_name",  # a stock item as people call it, and whose it is; NotFoundError
    "stock_value",  # what is on the shelves at cost, by currency, and units of unknown cost; one query
    "store_place",  # a store's name, coordinates, currency and whether it is open
    "stores_run_by",  # ids of the stores a person owns or is a member of
    "variant_card",  # all that selling a variant needs, one query; NotFoundError
    "variant_cards",  # the same for many, one query; unknown ids are left out
    "variants_on_shelves",  # ids of the variants in each of the sets that are not empty, as a query
    "withdraw_prices",  # none of a source's promoted prices any more
]
