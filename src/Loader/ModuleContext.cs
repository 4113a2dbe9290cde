using System.Reflection;
using System.Runtime.Loader;

namespace ArtifactSync.Loader;

/// <summary>
/// Keeps the module's assemblies apart from those of PowerShell and of other modules: everything beside the cmdlets is
/// loaded from that folder first, whatever version of it the process already has.
/// </summary>
public sealed class ModuleContext : AssemblyLoadContext
{
    private const string ContextName = "ArtifactSync";
    private const string CmdletAssembly = "ArtifactSync.Cmdlets";
    private static readonly Lock Gate = new();
    private readonly string _folder;

    private ModuleContext(string folder) : base(ContextName) => _folder = folder;

    /// <summary>
    /// The cmdlets of <paramref name="folder"/>. One context a folder: another import of the same folder, also from
    /// another runspace, gets the same assembly; another version of the module gets a context of its own.
    /// </summary>
    public static Assembly LoadCmdlets(string folder)
    {
        folder = Path.GetFullPath(folder);
        lock (Gate)
        {
            var context = All.OfType<ModuleContext>().FirstOrDefault(c => c._folder == folder) ?? new ModuleContext(folder);
            return context.LoadFromAssemblyName(new AssemblyName(CmdletAssembly));
        }
    }

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        ArgumentNullException.ThrowIfNull(assemblyName);
        var file = assemblyName.Name + ".dll";
        var path = Path.Combine(_folder, file);
        return File.Exists(path) ? LoadFromAssemblyPath(path)
            : AspNetProbe.IsPart(assemblyName.Name ?? "") ? LoadAspNet(file) : null;
    }

    private Assembly? LoadAspNet(string file)
    {
        var folders = AspNetProbe.Folders(_folder).ToList();
        if (folders.Select(folder => Path.Combine(folder, file)).FirstOrDefault(File.Exists) is { } found)
            return LoadFromAssemblyPath(found);
        AppContext.SetData(AspNetProbe.DataName, string.Join(", ", folders)); // for the error that tells what to install
        return null;
    }

    /// <inheritdoc/>
    protected override IntPtr LoadUnmanagedDll(string unmanagedDllName)
    {
        var paths = NativeProbe.Paths(_folder, unmanagedDllName).ToList();
        if (paths.Find(File.Exists) is { } found)
            return LoadUnmanagedDllFromPath(found);
        // The system's own search goes on; should it fail, the engine tells where the package was searched.
        AppContext.SetData(NativeProbe.DataPrefix + unmanagedDllName, string.Join(", ", paths));
        return IntPtr.Zero;
    }
}
