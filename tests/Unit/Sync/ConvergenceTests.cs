using System.Globalization;
using ArtifactSync.Model;
using FsCheck;
using FsCheck.Fluent;

namespace ArtifactSync.Tests.Sync;

/// <summary>
/// Three machines and two shared folders; sessions appear and change, exchanges happen in any order, files are lost from a
/// folder or come late. When things calm down and everyone has exchanged, all archives hold the same.
/// </summary>
[Trait("Category", "Property")]
public sealed class ConvergenceTests
{
    private const int Machines = 3;
    private const int Folders = 2;

    [Fact]
    public void AnyHistory_AfterEveryoneExchanged_AllArchivesAreEqual()
    {
        var step = from action in Gen.Choose(0, 9)
                   from machine in Gen.Choose(0, Machines - 1)
                   from folder in Gen.Choose(0, Folders - 1)
                   from pick in Gen.Choose(0, 1_000_000)
                   select (action, machine, folder, pick);
        var history = Gen.ListOf(step).Resize(40);
        Prop.ForAll(Arb.From(history), steps =>
        {
            using var world = new World();
            foreach (var (action, machine, folder, pick) in steps)
            {
                world.Do(action, machine, folder, pick);
            }
            world.CalmDown();
            world.AssertConverged();
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(40));
    }

    private sealed class World : IDisposable
    {
        private static readonly string[] s_origins = ["alpha-0a1b2c", "bravo-3d4e5f", "charlie-778899"];
        private readonly string _root = Directory.CreateTempSubdirectory("world-").FullName;
        private readonly TestMachine[] _machines;
        private readonly List<(string From, string Limbo)> _late = [];
        private readonly SortedDictionary<string, string> _expected = new(StringComparer.Ordinal);
        private int _limbo;

        public World() => _machines = [.. s_origins.Select(origin => new TestMachine(Path.Combine(_root, origin), origin))];

        public void Do(int action, int machine, int folder, int pick)
        {
            switch (action)
            {
                case <= 3:
                    Write(_machines[machine], pick);
                    break;
                case <= 7:
                    _machines[machine].Exchange(Share(folder));
                    break;
                case 8:
                    WithAnyFile(folder, pick, File.Delete);
                    break;
                default:
                    WithAnyFile(folder, pick, Delay);
                    break;
            }
        }

        public void CalmDown()
        {
            foreach (var (from, limbo) in _late)
            {
                if (!File.Exists(from))
                {
                    File.Move(limbo, from);
                }
            }
            for (var round = 0; round < Machines; round++)
            {
                foreach (var machine in _machines)
                {
                    for (var folder = 0; folder < Folders; folder++)
                    {
                        var run = machine.Exchange(Share(folder));
                        Assert.True(run.Status == RunStatus.Succeeded, $"{machine.Origin}: {run.ErrorCode} {run.ErrorMessage}");
                    }
                }
            }
        }

        public void AssertConverged()
        {
            foreach (var machine in _machines)
            {
                Assert.Equal(_expected, machine.Content());
                machine.AssertSound();
                var idle = machine.Exchange(Share(0));
                Assert.Equal(0, idle.Counters.Sent + idle.Counters.Received + idle.Counters.Published + idle.Counters.ImportedSessions);
            }
        }

        public void Dispose() => Directory.Delete(_root, recursive: true);

        private string Share(int folder) => Path.Combine(_root, $"share-{folder}");

        private void Write(TestMachine machine, int pick)
        {
            var id = $"s{pick % 4}";
            string[] texts = [.. Enumerable.Range(0, (pick % 3) + 1).Select(i => (pick + i).ToString(CultureInfo.InvariantCulture))];
            machine.Write(id, texts);
            _expected[$"{machine.Origin}~{id}"] = string.Join('|', texts.Select((text, i) => $"{i}:{text}"));
        }

        private void WithAnyFile(int folder, int pick, Action<string> act)
        {
            string[] files = Directory.Exists(Share(folder)) ? Directory.GetFiles(Share(folder), "*", SearchOption.AllDirectories) : [];
            if (files.Length > 0)
            {
                act(files.Order(StringComparer.Ordinal).ElementAt(pick % files.Length));
            }
        }

        private void Delay(string file)
        {
            var limbo = Path.Combine(_root, $"limbo-{_limbo++}");
            File.Move(file, limbo);
            _late.Add((file, limbo));
        }
    }
}
