using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using ArtifactSync.Loader;
using ArtifactSync.Tests.Cmdlets;

namespace ArtifactSync.Tests.Peer;

/// <summary>The package brings every assembly that a listener can need, and nothing of the web server is loaded before one starts.</summary>
[Trait("Category", "Transport")]
public sealed class AspNetPartsTests
{
    [Fact]
    public void Package_PartsOfAspNet_AreWhole()
    {
        var framework = Path.GetDirectoryName(typeof(Microsoft.AspNetCore.Http.HttpContext).Assembly.Location)!;
        var listed = Repository.Read("src", "Cmdlets", "Module.targets");
        var (todo, seen) = (new Queue<string>([typeof(ArtifactSync.Peer.PeerListener).Assembly.Location]), new HashSet<string>(StringComparer.Ordinal));
        while (todo.TryDequeue(out var file))
        {
            foreach (var name in References(file).Where(name => File.Exists(Path.Combine(framework, name + ".dll")) && seen.Add(name)))
            {
                todo.Enqueue(Path.Combine(framework, name + ".dll"));
            }
        }
        Assert.Contains("Microsoft.AspNetCore.Server.Kestrel.Core", seen);
        Assert.All(seen, name => Assert.True(AspNetProbe.IsPart(name), name));
        Assert.Equal(seen.Order(StringComparer.Ordinal), System.Xml.Linq.XDocument.Parse(listed).Descendants("AspNetPart")
            .SelectMany(part => part.Attribute("Include")!.Value.Split(';')).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Module_AndCmdlets_ReferToNoPartOfAspNet()
    {
        Assert.DoesNotContain(References(typeof(ArtifactSync.Sync.SyncEngine).Assembly.Location), AspNetProbe.IsPart);
        Assert.DoesNotContain(References(typeof(ArtifactSync.Cmdlets.StartSyncPeerCommand).Assembly.Location), AspNetProbe.IsPart);
    }

    [Fact]
    public void Folders_OfTheFramework_BeginInThePackage()
    {
        var folders = AspNetProbe.Folders("/module").ToList();
        Assert.StartsWith(Path.Combine("/module", "runtimes"), folders[0], StringComparison.Ordinal);
        Assert.All(folders, folder => Assert.NotEmpty(folder));
    }

    private static List<string> References(string file)
    {
        using var image = new PEReader(File.OpenRead(file));
        var metadata = image.GetMetadataReader();
        return [.. metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name))];
    }
}
