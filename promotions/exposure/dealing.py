"""Dealing untried products to the places of trial, so that no draw can exceed a cap. Pure."""

import math
from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from .board import Board

MOST_RIVALS = 100
"""At most so many products are on trial in one selection."""


class Table:
    """The groups that compete, one for each place of trial, and which hold something of a category or a store.

    They are dealt twice: before the places by exposure, out of the trials' own share of the caps, so that a shop with
    few categories tries things too; and after them, what is left.
    """

    def __init__(self, board: Board, count: int) -> None:
        self._board = board
        self.groups: list[list[int]] = [[] for _ in range(count)]
        self._categories: dict[UUID, set[int]] = defaultdict(set)
        self._stores: dict[UUID, set[int]] = defaultdict(set)

    def deal_first(self, *, others: int) -> None:
        """The coldest first, round and round; `others` places are still to be filled by other products."""
        settings = self._board.settings
        category_room = None if settings.category_cap is None else _part(settings.category_cap, settings.explore_share)
        store_room = _part(settings.store_cap, settings.explore_share)
        most = min(MOST_RIVALS, self._board.free_count() - others)
        self._deal(range(len(self.groups)), most, category_room, store_room)

    def deal_rest(self) -> None:
        """Fill groups that are empty from what is left, within the caps.

        One stays empty only where something outside the groups can stand in its place by exposure; where nothing can,
        the largest group gives one up, caps or not.
        """
        settings, board = self._board.settings, self._board
        empty = [number for number, group in enumerate(self.groups) if not group]
        self._deal(empty, min(MOST_RIVALS, board.free_count()), settings.category_cap, settings.store_cap)
        outside = board.free_count()
        for number in empty:
            if self.groups[number]:
                continue
            if outside:
                outside -= 1
                continue
            self.groups[number] = [max(self.groups, key=len).pop()]

    def _deal(self, numbers: Sequence[int], most: int, category_room: int | None, store_room: int) -> None:
        if not numbers or most <= 0:
            return
        self._categories.clear()
        self._stores.clear()
        for index in self._board.untried()[:most]:
            self._give(index, numbers, category_room, store_room)
        for number in numbers:
            self._board.reserve(self.groups[number])

    def _give(self, index: int, numbers: Sequence[int], category_room: int | None, store_room: int) -> None:
        """To the smallest group that may have it; to none where every one would risk a cap.

        Each group shows one product: a category in no more groups than it has room for cannot exceed its cap.
        """
        one, settings, board = self._board.candidates[index], self._board.settings, self._board
        of_store, of_category = self._stores[one.store_id], self._categories[one.category_id]
        stores_left = min(store_room, settings.store_cap - board.stores[one.store_id])
        categories_left = len(numbers)
        if settings.category_cap is not None and category_room is not None:
            categories_left = min(category_room, settings.category_cap - board.categories[one.category_id])
        for number in sorted(numbers, key=lambda number: (len(self.groups[number]), number)):
            if len(of_store | {number}) <= stores_left and len(of_category | {number}) <= categories_left:
                self.groups[number].append(index)
                of_store.add(number)
                of_category.add(number)
                return


def _part(cap: int, share: float) -> int:
    return max(1, math.floor(cap * share + 0.5))
