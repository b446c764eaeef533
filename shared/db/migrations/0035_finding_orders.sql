-- What an order holds of the stock: the sum of the moves of its lines.
create index stock_moves_item on stock_moves (order_item_id) where order_item_id is not null;
-- Search by the beginning of the recipient's name.
create index orders_recipient on orders (lower(ship_to ->> 'name') text_pattern_ops);
