"""What the printer makes of paid orders: files, queue, moves, holds, artwork, reprints, gang sheets and parcels."""
