using System.Globalization;
using ArtifactSync.Archive;
using ArtifactSync.Metadata;
using ArtifactSync.Model;
using ArtifactSync.Store;
using ArtifactSync.Tests.Doubles;
using FsCheck;
using FsCheck.Fluent;

namespace ArtifactSync.Tests.Retention;

/// <summary>
/// Three machines whose clocks go as they like, two shares; sessions change and are purged, machines exchange and collect with
/// any grace. Whatever the newest checkpoint of a machine refers to is never lost; when all is quiet and collected, every
/// store holds exactly what is live.
/// </summary>
[Trait("Category", "Retention")]
public sealed class CollectPropertyTests
{
    private const int Machines = 3, Shares = 2;

    [Fact]
    public void AnyHistory_NothingLiveIsLostAndNothingStaleStays()
    {
        var step = from action in Gen.Choose(0, 11)
                   from machine in Gen.Choose(0, Machines - 1)
                   from share in Gen.Choose(0, Shares - 1)
                   from pick in Gen.Choose(0, 1_000_000)
                   select (action, machine, share, pick);
        Prop.ForAll(Arb.From(Gen.ListOf(step).Resize(30)), steps =>
        {
            using var world = new World();
            foreach (var (action, machine, share, pick) in steps)
            {
                world.Do(action, machine, share, pick);
                world.AssertNothingLiveIsLost();
            }
            world.CalmDown();
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(25));
    }

    private sealed class World : IDisposable
    {
        private static readonly string[] s_origins = ["alpha-0a1b2c", "bravo-3d4e5f", "charlie-778899"];
        private readonly TempFolder _root = new();
        private readonly Keeper[] _keepers;

        public World()
        {
            _keepers = [.. s_origins.Select(origin => new Keeper(_root[origin], origin))];
            foreach (var keeper in _keepers)
            {
                keeper.Machine.Transact(static _ => { });
                for (var share = 0; share < Shares; share++)
                {
                    Directory.CreateDirectory(Share(share));
                }
            }
        }

        public void Dispose() => _root.Dispose();

        public void Do(int action, int machine, int share, int pick)
        {
            var keeper = _keepers[machine];
            switch (action)
            {
                case <= 2:
                    // What was purged is never written again by what writes for real; its content may come back otherwise.
                    if (!keeper.Machine.Read(db => SessionTable.IsExcluded(db, $"s{pick % 3}")))
                    {
                        keeper.Machine.Write($"s{pick % 3}", (pick % 5).ToString(CultureInfo.InvariantCulture));
                    }
                    break;
                case <= 6:
                    Exchange(keeper, share, collect: pick % 2 == 0, pick % 3 == 0 ? Grace(pick) : null);
                    break;
                case <= 8:
                    keeper.Collect(Grace(pick), pick % 2 == 0 ? [Share(share)] : []);
                    break;
                case 9:
                    Purge(keeper, $"s{pick % 3}");
                    break;
                default:
                    // Forwards and backwards, by up to twenty days; metadata of the others may then wait.
                    keeper.Clock.Advance(TimeSpan.FromHours((pick % 960) - 480));
                    break;
            }
        }

        /// <summary>
        /// Every author can still give what its newest checkpoint says, and what anybody imported stays imported: its own store has
        /// it, or the rows from which the same bytes are made.
        /// </summary>
        public void AssertNothingLiveIsLost()
        {
            foreach (var keeper in _keepers)
            {
                // LiveOf reads the closure and throws when a manifest is gone.
                var live = Keeper.LiveOf(keeper.Store).Where(path => path.StartsWith(keeper.Origin, StringComparison.Ordinal));
                Assert.All(live, path => Assert.True(File.Exists(Path.Combine(keeper.Store, path)), $"{keeper.Origin} lost {path}"));
            }
        }

        public void CalmDown()
        {
            var now = DateTimeOffset.UtcNow.AddDays(60);
            foreach (var keeper in _keepers)
            {
                keeper.Clock.Now = now;
            }
            // Who was left behind by a collection of somebody else fetches again what its peers still have.
            for (var round = 0; round < Machines; round++)
            {
                foreach (var keeper in _keepers)
                {
                    for (var share = 0; share < Shares; share++)
                    {
                        Exchange(keeper, share, collect: false, null);
                    }
                }
            }
            foreach (var keeper in _keepers)
            {
                keeper.Collect(TimeSpan.FromDays(7), [.. Enumerable.Range(0, Shares).Select(Share)]);
            }
            var content = _keepers[0].Machine.Content();
            foreach (var keeper in _keepers)
            {
                Assert.Equal(content, keeper.Machine.Content());
                Assert.Equal(Keeper.LiveOf(keeper.Store), keeper.Files());
                keeper.AssertCatalogIsDisk();
                Assert.Empty(keeper.Verify());
            }
            foreach (var share in Enumerable.Range(0, Shares).Select(Share))
            {
                Assert.Equal(Keeper.LiveOf(share), Keeper.FilesOf(share));
                Assert.Equal(Keeper.LiveOf(_keepers[0].Store), Keeper.FilesOf(share));
            }
        }

        private string Share(int share) => _root[$"share-{share}"];

        private static TimeSpan Grace(int pick) => TimeSpan.FromDays(pick % 4 * 5);

        private void Exchange(Keeper keeper, int share, bool collect, TimeSpan? grace)
        {
            var run = keeper.Exchange(Share(share), collect, grace);
            Assert.True(run.Status is RunStatus.Succeeded, $"{keeper.Origin}: {run.ErrorCode} {run.ErrorMessage} {string.Join("; ", run.Entities)}");
        }

        private static void Purge(Keeper keeper, string id)
        {
            using var archive = ArchiveDatabase.Open(keeper.Machine.Options, ArchiveMode.Create);
            if (StateTable.Get(archive.Reader, StateTable.OriginId) is null || SessionTable.Find(archive.Reader, id) is null)
            {
                return;
            }
            using var lease = archive.AcquireLease("test", TimeSpan.FromSeconds(5), default);
            try
            {
                new Recorder(archive, new LocalEventStore(new LocalStore(archive))).Purge(lease, id);
            }
            catch (Errors.ArtifactSyncException fault) when (fault.Code == Errors.ErrorCode.ClockDrift)
            {
                // The clock was set back further than the protocol lets anybody write.
            }
        }
    }
}
