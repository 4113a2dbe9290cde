using System.Globalization;
using System.Management.Automation;
using System.Text.RegularExpressions;

namespace ArtifactSync.Cmdlets.Parameters;

/// <summary>
/// Turns a point in time into a DateTimeOffset: a date (local unless it says otherwise), text with or without an offset, or
/// a duration that is counted back from now (<c>7d</c>, <c>12h</c>).
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed partial class MomentTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) =>
        DurationText.Typed(inputData) switch
        {
            DateTimeOffset moment => moment,
            DateTime date => Local(date),
            TimeSpan age => Back(age),
            string text => Parse(text, TimeProvider.System),
            var other => throw Refuse(other),
        };

    internal static DateTimeOffset Parse(string text, TimeProvider clock)
    {
        if (DurationText.TryParseUnit(text.Trim(), out var age))
            return Back(age, clock);
        if (LooksLikeDate(text) && DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal | DateTimeStyles.AllowWhiteSpaces, out var moment))
            return moment;
        throw Refuse(text);
    }

    // DateTimeOffset.Parse also takes "7" or "10:30" and fills the rest from today: a guess is worse than a refusal.
    private static bool LooksLikeDate(string text) => Year().IsMatch(text);

    private static DateTimeOffset Local(DateTime date) =>
        new(date.Kind == DateTimeKind.Unspecified ? DateTime.SpecifyKind(date, DateTimeKind.Local) : date);

    private static DateTimeOffset Back(TimeSpan age, TimeProvider? clock = null) => age >= TimeSpan.Zero
        ? (clock ?? TimeProvider.System).GetLocalNow() - age
        : throw Refuse(age);

    private static ArgumentTransformationMetadataException Refuse(object? value) => new(
        $"\"{value}\" is no point in time. Write a date (2026-03-01, 2026-03-01T08:00+01:00) or an age (7d, 12h).");

    [GeneratedRegex(@"\d{4}", RegexOptions.None, matchTimeoutMilliseconds: 100)]
    private static partial Regex Year();
}
