using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Wire;

public class NameAndClockTests
{
    [Theory]
    [InlineData("a", "a-b", true)]
    [InlineData("a-b", "a", true)]
    [InlineData("a", "a0", false)]
    [InlineData("a", "a", false)]
    [InlineData("ab", "a-b", false)]
    public void IsPair_TwoOrigins_FindsTheOneThatExtendsTheOther(string a, string b, bool pair) =>
        Assert.Equal(pair, OriginId.IsPair(a, b));

    [Fact]
    public void Generate_LongName_StaysShortAndValid()
    {
        string origin = OriginId.Generate(new string('a', 62) + "-" + new string('b', 100), [1, 2, 3]);

        Assert.Equal($"{new string('a', 62)}-010203", origin);
    }

    [Theory]
    [InlineData("")]
    [InlineData("../x")]
    [InlineData("CP-0000000001.json")]
    [InlineData("cp-0000000000.json")]
    [InlineData("cp-00000000001.json")]
    [InlineData("cp-\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661.json")]
    public void Parse_OtherSpelling_IsRefused(string name)
    {
        var fault = Assert.Throws<ArtifactSyncException>(() => ArtifactName.Parse(Some.Origin, ArtifactKind.Checkpoints, name));

        Assert.Equal((ErrorCode.InvalidArtifactName, name), (fault.Code, fault.Target));
    }

    [Fact]
    public void Meta_OrderKey_TakesNameApart()
    {
        string hlc = "2026-06-14T010203.000000001Z-00000000000000000042";

        ArtifactRef artifact = ArtifactName.Meta(Some.Origin, $"{hlc}-{Some.EmptyHash}");

        Assert.Equal(Some.EmptyHash, ArtifactName.Sha256(artifact));
        Assert.Equal(hlc, ArtifactName.HlcText(artifact));
        Assert.Equal($"{hlc}-{Some.EmptyHash}", ArtifactName.OrderKey(artifact));
        Assert.Equal($"{Some.Origin}/meta/{hlc}-{Some.EmptyHash}.json", artifact.ToString());
    }

    [Theory]
    [InlineData("0001-01-01T00:00:00.0000001+00:00", "0001-01-01T000000.000000100Z-00000000000000000000")]
    [InlineData("1969-12-31T23:59:59.9999999+00:00", "1969-12-31T235959.999999900Z-00000000000000000000")]
    [InlineData("2024-02-29T23:00:00.5000000-02:00", "2024-03-01T010000.500000000Z-00000000000000000000")]
    [InlineData("9999-12-31T23:59:59.9999999+00:00", "9999-12-31T235959.999999900Z-00000000000000000000")]
    public void FromTime_AnyOffset_IsUtc(string time, string text) =>
        Assert.Equal(text, Hlc.FromTime(DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture)).ToString());

    [Fact]
    [Trait("Category", "Property")]
    public void CompareTo_RandomPairs_AgreesWithTextOrder()
    {
        var random = new Random(8);
        Hlc Next() => new(random.NextInt64(-62_167_219_200, 253_402_300_800), random.Next(1_000_000_000), (ulong)random.NextInt64());
        for (int i = 0; i < 2_000; i++)
        {
            Hlc a = Next();
            Hlc b = i % 3 == 0 ? new Hlc(a.Seconds, a.Nanos, (ulong)random.Next(3)) : Next();

            Assert.Equal(Math.Sign(string.CompareOrdinal(a.ToString(), b.ToString())), Math.Sign(a.CompareTo(b)));
            Assert.True(Hlc.TryParse(a.ToString(), out Hlc again));
            Assert.Equal(a, again);
        }
    }
}
