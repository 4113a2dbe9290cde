using System.Globalization;
using ArtifactSync.Errors;

namespace ArtifactSync.Wire;

/// <summary>Text of a float field (spec 3.4): shortest digits that round-trip, in a layout of its own.</summary>
internal static class CanonicalNumber
{
    /// <summary>Upper bound of the text, in bytes.</summary>
    public const int MaxLength = 32;

    private const int MaxDigits = 17;

    public static int Format(double value, Span<byte> target)
    {
        if (!double.IsFinite(value))
        {
            throw new ArtifactSyncException(ErrorCode.DocumentInvalid, $"{value} cannot be written: JSON has no such number.");
        }

        int at = 0;
        if (double.IsNegative(value))
        {
            target[at++] = (byte)'-';
            value = -value;
        }

        if (value == 0)
        {
            target[at++] = (byte)'0';
            return at;
        }

        Span<byte> digits = stackalloc byte[MaxDigits];
        int count = ShortestDigits(value, digits, out int exponent);
        return at + (value is >= 1e-6 and < 1e21
            ? Plain(digits[..count], exponent, target[at..])
            : Scientific(digits[..count], exponent, target[at..]));
    }

    // The runtime yields the right digits; only its layout differs. exponent: of the first digit.
    private static int ShortestDigits(double value, Span<byte> digits, out int exponent)
    {
        Span<char> text = stackalloc char[MaxLength];
        value.TryFormat(text, out int length, "R", CultureInfo.InvariantCulture);
        ReadOnlySpan<char> shortest = text[..length];
        int e = shortest.IndexOf('E');
        exponent = e < 0 ? 0 : int.Parse(shortest[(e + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        ReadOnlySpan<char> mantissa = e < 0 ? shortest : shortest[..e];
        int point = mantissa.IndexOf('.');
        exponent += (point < 0 ? mantissa.Length : point) - 1;

        int count = 0;
        foreach (char c in mantissa)
        {
            if (c == '.')
            {
                continue;
            }

            if (count == 0 && c == '0')
            {
                exponent--;
                continue;
            }

            if (count < MaxDigits)
            {
                digits[count++] = (byte)c;
            }
        }

        return digits[..count].TrimEnd((byte)'0').Length;
    }

    private static int Plain(ReadOnlySpan<byte> digits, int exponent, Span<byte> target)
    {
        int at = 0;
        if (exponent < 0)
        {
            target[at++] = (byte)'0';
            target[at++] = (byte)'.';
            target.Slice(at, -exponent - 1).Fill((byte)'0');
            at += -exponent - 1;
            digits.CopyTo(target[at..]);
            return at + digits.Length;
        }

        int whole = exponent + 1;
        if (digits.Length <= whole)
        {
            digits.CopyTo(target);
            target[digits.Length..whole].Fill((byte)'0');
            return whole;
        }

        digits[..whole].CopyTo(target);
        target[whole] = (byte)'.';
        digits[whole..].CopyTo(target[(whole + 1)..]);
        return digits.Length + 1;
    }

    private static int Scientific(ReadOnlySpan<byte> digits, int exponent, Span<byte> target)
    {
        int at = 0;
        target[at++] = digits[0];
        if (digits.Length > 1)
        {
            target[at++] = (byte)'.';
            digits[1..].CopyTo(target[at..]);
            at += digits.Length - 1;
        }

        target[at++] = (byte)'e';
        if (exponent >= 0)
        {
            target[at++] = (byte)'+';
        }

        exponent.TryFormat(target[at..], out int written, default, CultureInfo.InvariantCulture);
        return at + written;
    }
}
