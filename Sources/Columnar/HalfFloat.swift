/// IEEE 754 half precision as bits: Swift's `Float16` does not exist on every processor.
public enum HalfFloat {
    /// The nearest half; too large a number becomes infinity.
    public static func bits(_ number: Double) -> UInt16 {
        let single = Float(number).bitPattern
        let sign = UInt16((single >> 16) & 0x8000)
        let exponent = Int((single >> 23) & 0xff)
        let fraction = single & 0x7f_ffff
        if exponent == 0xff { return sign | 0x7c00 | (fraction == 0 ? 0 : 0x200) }
        let half = exponent - 112
        if half >= 31 { return sign | 0x7c00 }
        // Subnormal halves shift the hidden bit in; both ways round to nearest, ties to even.
        let (mantissa, shift) = half <= 0 ? (fraction | 0x80_0000, 14 - half) : (UInt32(half) << 23 | fraction, 13)
        if shift > 24 { return sign }
        let kept = mantissa >> UInt32(shift)
        let rest = mantissa & ((1 << UInt32(shift)) - 1)
        let middle = UInt32(1) << UInt32(shift - 1)
        let up: UInt32 = rest > middle || (rest == middle && kept & 1 == 1) ? 1 : 0
        return sign | UInt16(kept + up)
    }

    public static func number(_ bits: UInt16) -> Double {
        let sign = bits & 0x8000 == 0 ? 1.0 : -1.0
        let exponent = Int(bits >> 10) & 31
        let fraction = Double(bits & 0x3ff)
        switch exponent {
        case 0: return sign * fraction * 0x1p-24
        case 31: return fraction == 0 ? sign * .infinity : .nan
        default: return sign * Double(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1024)
        }
    }
}
