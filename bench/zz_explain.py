import random, sys, os
from django.db import connection
from stores.models import Category
from stores.catalog import public_list
from stores.catalog.api.asking import question_of
from django.utils import timezone
from .catalogue import fill, SEED
from . import product_list as pl
def main():
    said = fill(100_000)
    dice = random.Random(SEED)
    roots = [str(pk) for pk in Category.objects.filter(parent=None).values_list("pk", flat=True)]
    shapes={"searched":pl.searched,"narrowed":pl.narrowed,"by_price":pl.by_price,"in_stock narrowed":lambda *a:{**pl.narrowed(*a),"in_stock":"true"},"by name":lambda *a:{**pl.narrowed(*a),"ordering":"name"}}
    want=os.environ.get("SHAPES","searched,narrowed,by_price,by name").split(",")
    for name in want:
        q=question_of(shapes[name](said,dice,roots))
        def wrap(execute, sql, params, many, context):
            if "FROM stores_listing" in sql:
                with connection.connection.cursor() as c:
                  for _ in range(3):
                    c.execute("EXPLAIN (ANALYZE, BUFFERS, SUMMARY) "+sql, params)
                    rows=c.fetchall()
                  print(name); print("\n".join(r[0][:170] for r in rows))
            return execute(sql, params, many, context)
        with connection.execute_wrapper(wrap):
            public_list.page(q, at=timezone.now(), limit=25)
