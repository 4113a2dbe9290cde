using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Management.Automation;

namespace ArtifactSync.Cmdlets.Parameters;

/// <summary>
/// Durations as people type them: a TimeSpan, <c>7d</c>, <c>12h</c>, <c>1.5h</c>, <c>30m</c>, <c>45s</c>, <c>500ms</c>,
/// <c>7.00:00:00</c>, <c>00:30:00</c>, or 0.
/// </summary>
internal static class DurationText
{
    public const string Advice = "Write 7d, 12h, 1.5h, 30m, 45s or 7.00:00:00.";

    private const decimal MaxDays = 1_000_000;

    private static readonly (string Suffix, decimal Milliseconds)[] Units =
        [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

    /// <summary>
    /// Restores what was typed. PowerShell parses <c>7d</c> as the decimal 7 and a bare <c>7</c> as a number that TimeSpan
    /// would read as ticks, but keeps the text of a literal argument in its wrapper. A splatted number has lost its text.
    /// </summary>
    public static object? Typed(object? input)
    {
        var value = input is PSObject wrapped ? wrapped.BaseObject : input;
        return IsNumber(value) ? input!.ToString() : value;
    }

    /// <summary>False when <paramref name="text"/> is no duration at all, e.g. a bare number other than 0.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        text = text.Trim();
        if (text == "0")
        {
            duration = TimeSpan.Zero;
            return true;
        }
        if (text.Contains(':', StringComparison.Ordinal))
            return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out duration);
        return TryParseUnit(text, out duration);
    }

    /// <summary>A number and its unit, nothing else.</summary>
    public static bool TryParseUnit(string text, out TimeSpan duration)
    {
        duration = default;
        foreach (var (suffix, milliseconds) in Units)
        {
            if (!text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase))
                continue;
            const NumberStyles styles = NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign;
            if (!decimal.TryParse(text.AsSpan(0, text.Length - suffix.Length), styles, CultureInfo.InvariantCulture, out var number))
                continue; // "5ms" also ends with "s"
            if (Math.Abs(number) > MaxDays * 86_400_000 / milliseconds)
                return false;
            duration = TimeSpan.FromTicks((long)(number * milliseconds * TimeSpan.TicksPerMillisecond));
            return true;
        }
        return false;
    }

    public static bool IsNumber([NotNullWhen(true)] object? value) =>
        value is sbyte or byte or short or ushort or int or uint or long or ulong or float or double or decimal;
}
