;; out[0 .. outputs) += the sum over k < n of values[k] * weight[rows[k] .. rows[k] + outputs)
;; All are addresses in bytes: of out, of the weights that rows count from, of rows (in floats), of values.
;; n and outputs are multiples of four.
(module
  (memory (import "js" "memory") 1)
  (func (export "add_products")
    (param $out i32) (param $outputs i32) (param $weight i32) (param $rows i32) (param $values i32) (param $n i32)
    (local $end i32) (local $stop i32) (local $o i32)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local $wa i32) (local $wb i32) (local $wc i32) (local $wd i32)
    (local.set $outputs (i32.shl (local.get $outputs) (i32.const 2)))
    (local.set $end (i32.add (local.get $values) (i32.shl (local.get $n) (i32.const 2))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $values) (local.get $end)))
        (local.set $a (v128.load32_splat (local.get $values)))
        (local.set $b (v128.load32_splat offset=4 (local.get $values)))
        (local.set $c (v128.load32_splat offset=8 (local.get $values)))
        (local.set $d (v128.load32_splat offset=12 (local.get $values)))
        (local.set $wa (i32.add (local.get $weight) (i32.shl (i32.load (local.get $rows)) (i32.const 2))))
        (local.set $wb (i32.add (local.get $weight) (i32.shl (i32.load offset=4 (local.get $rows)) (i32.const 2))))
        (local.set $wc (i32.add (local.get $weight) (i32.shl (i32.load offset=8 (local.get $rows)) (i32.const 2))))
        (local.set $wd (i32.add (local.get $weight) (i32.shl (i32.load offset=12 (local.get $rows)) (i32.const 2))))
        (local.set $o (local.get $out))
        (local.set $stop (i32.add (local.get $out) (local.get $outputs)))
        (loop $along
          (v128.store (local.get $o)
            (f32x4.add (v128.load (local.get $o))
              (f32x4.add
                (f32x4.add
                  (f32x4.mul (local.get $a) (v128.load (local.get $wa)))
                  (f32x4.mul (local.get $b) (v128.load (local.get $wb))))
                (f32x4.add
                  (f32x4.mul (local.get $c) (v128.load (local.get $wc)))
                  (f32x4.mul (local.get $d) (v128.load (local.get $wd)))))))
          (local.set $wa (i32.add (local.get $wa) (i32.const 16)))
          (local.set $wb (i32.add (local.get $wb) (i32.const 16)))
          (local.set $wc (i32.add (local.get $wc) (i32.const 16)))
          (local.set $wd (i32.add (local.get $wd) (i32.const 16)))
          (local.set $o (i32.add (local.get $o) (i32.const 16)))
          (br_if $along (i32.lt_u (local.get $o) (local.get $stop))))
        (local.set $rows (i32.add (local.get $rows) (i32.const 16)))
        (local.set $values (i32.add (local.get $values) (i32.const 16)))
        (br $next)))))
