using System.Globalization;
using System.Text.Json;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Wire;

[Trait("Category", "Golden")]
public class GoldenHlcTests
{
    private const decimal NanosPerSecond = 1_000_000_000;

    public static TheoryData<string> Valid => Golden.Cases("artifact/hlc.json|parse_ok", "artifact-fuzz/hlc.json|parse_ok");

    public static TheoryData<string> Invalid => Golden.Cases("artifact/hlc.json|parse_error", "artifact-fuzz/hlc.json|parse_error");

    public static TheoryData<string> Quirks => Golden.Cases("artifact-fuzz/hlc.json|parse_quirk");

    public static TheoryData<string> DeletedAt => Golden.Cases("artifact/hlc.json|soft_delete_timestamp");

    [GoldenTheory]
    [MemberData(nameof(Valid))]
    public void TryParse_ValidText_RoundTrips(string id)
    {
        JsonElement vector = Golden.Case(id);

        Assert.True(Hlc.TryParse(vector.Text("text"), out Hlc hlc));

        Assert.Equal(vector.Text("text"), hlc.ToString());
        Assert.Equal(vector.Text("logical"), hlc.Logical.ToString(CultureInfo.InvariantCulture));
        Assert.Equal(WallNanos(vector), (hlc.Seconds * NanosPerSecond) + hlc.Nanos);
        if (vector.Text("deleted_at") is { } deletedAt)
        {
            Assert.Equal(deletedAt, hlc.ToDeletedAt());
        }
    }

    [GoldenTheory]
    [MemberData(nameof(Invalid))]
    public void TryParse_InvalidText_IsFalse(string id) => Assert.False(Hlc.TryParse(Golden.Case(id).Text("text"), out _));

    [GoldenTheory]
    [MemberData(nameof(Quirks))]
    public void TryParse_TextOriginalProgramsAccept_IsNormalised(string id)
    {
        JsonElement vector = Golden.Case(id);

        Assert.True(Hlc.TryParse(vector.Text("text"), out Hlc hlc));
        Assert.Equal(vector.Text("normalised"), hlc.ToString());
    }

    [GoldenTheory]
    [MemberData(nameof(DeletedAt))]
    public void ToDeletedAt_Event_IsTruncatedToMilliseconds(string id)
    {
        JsonElement vector = Golden.Case(id);

        Assert.True(Hlc.TryParse(vector.Text("hlc"), out Hlc hlc));
        Assert.Equal(vector.Text("deleted_at"), hlc.ToDeletedAt());
    }

    private static decimal WallNanos(JsonElement vector) => vector.TryGetProperty("wall_unix_ns", out JsonElement nanos)
        ? decimal.Parse(nanos.ToString(), CultureInfo.InvariantCulture)
        : (decimal.Parse(vector.GetProperty("wall_unix_s").ToString(), CultureInfo.InvariantCulture) * NanosPerSecond)
            + decimal.Parse(vector.GetProperty("wall_ns").ToString(), CultureInfo.InvariantCulture);
}
