import cProfile, pstats, random, os, time
from functools import partial
from django.conf import settings
from django.db import connection
from stores.models import Category
from stores.catalog import public_list
from .catalogue import fill, SEED
from . import product_list as pl
from .wsgi_calls import Caller, BARE
def main():
    said = fill(100_000); caller = Caller(); settings.PRODUCT_LIST_CACHE_SECONDS = 0
    dice = random.Random(SEED)
    roots = [str(pk) for pk in Category.objects.filter(parent=None).values_list("pk", flat=True)]
    from bench.wsgi_calls import Bare
    shapes={"searched":pl.searched,"narrowed":pl.narrowed,"by_price":pl.by_price,"in_stock":lambda *a:{"in_stock":"true"},"in_stock false":lambda *a:{"in_stock":"false"},"in_stock narrowed":lambda *a:{**pl.narrowed(*a),"in_stock":"true"},"in_stock by price":lambda *a:{**pl.by_price(*a),"in_stock":"true"},"by name":lambda *a:{**pl.narrowed(*a),"ordering":"name"}}
    for name,shape in shapes.items():
        qs=[shape(said,dice,roots) for _ in range(60)]
        for slow in ([False,True] if os.environ.get("BOTH") else [False]):
            public_list.is_spoken=lambda s=slow: not s
            caller.get(pl.PATH,**qs[0])
            b=sorted(caller.get(BARE)[1] for _ in range(60))
            c0=time.process_time(); t=sorted(caller.get(pl.PATH,**q)[1] for q in qs); c=(time.process_time()-c0)/len(qs)
            print(f"{name} slow={slow}: p50 {t[30]*1e3:.1f} p95 {t[57]*1e3:.1f} cpu/req {c*1e3:.1f} bare p50 {b[30]*1e3:.2f} load {os.getloadavg()[0]:.1f}",flush=True)
    public_list.is_spoken=lambda: True
    if os.environ.get("PROF"):
        qs=[pl.searched(said,dice,roots) for _ in range(200)]
        p=cProfile.Profile(); p.enable()
        for q in qs: caller.get(pl.PATH,**q)
        p.disable(); pstats.Stats(p).sort_stats("tottime").print_stats(25); pstats.Stats(p).sort_stats("cumtime").print_stats(60)
