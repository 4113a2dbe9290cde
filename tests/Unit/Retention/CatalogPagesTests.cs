using System.Security.Cryptography;
using ArtifactSync.Archive;
using ArtifactSync.Retention;
using ArtifactSync.Tests.Doubles;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Retention;

/// <summary>The rows of an origin, whichever way they are read.</summary>
[Trait("Category", "Retention")]
public sealed class CatalogPagesTests : IDisposable
{
    private const string Large = "large-3d4e5f";
    private const string Small = "small-3d4e5f";
    private readonly TestArchive _archive = new();

    public void Dispose() => _archive.Dispose();

    [Theory]
    [InlineData(Large, 2_500)] // by arrival
    [InlineData(Large, 2_048)] // the last page is full
    [InlineData(Small, 250)] // by name
    [InlineData(Small, 0)]
    public void Of_AnyShareOfTheCatalog_GivesEachRowOnce(string origin, int count)
    {
        string[] names = [.. Names(count)];
        Put(origin, names);
        Put(origin == Large ? Small : Large, Names(origin == Large ? 250 : 2_500));

        var pages = new CatalogPages(_archive.Database.Reader, origin).Of(ArtifactKind.Segments).ToList();

        Assert.Equal(names.Order(StringComparer.Ordinal), pages.SelectMany(static page => page).Select(static row => row.Hash.ToString()).Order(StringComparer.Ordinal));
        Assert.All(pages, static page => Assert.InRange(page.Count, 0, 1_024));
    }

    private static IEnumerable<string> Names(int count) =>
        Enumerable.Range(0, count).Select(static i => Convert.ToHexStringLower(SHA256.HashData(BitConverter.GetBytes(i))));

    private void Put(string origin, IEnumerable<string> names)
    {
        using var transaction = _archive.Database.BeginLedger();
        foreach (var name in names)
        {
            CatalogTable.Put(transaction.Db, ArtifactName.Segment(origin, name), new ArtifactIdentity(name, 1, 1), 0, null);
        }
        transaction.Commit();
    }
}
