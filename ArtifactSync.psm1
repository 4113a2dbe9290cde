# The loader dance, nothing else: the cmdlets live in an AssemblyLoadContext of their own.
$loader = 'ArtifactSync.Loader.ModuleContext' -as [type]
if (-not $loader) {
    $file = [System.IO.Path]::Combine($PSScriptRoot, 'ArtifactSync.Loader.dll')
    $loader = [System.Reflection.Assembly]::LoadFrom($file).GetType('ArtifactSync.Loader.ModuleContext')
}
$cmdlets = $loader::LoadCmdlets([System.IO.Path]::Combine($PSScriptRoot, 'bin'))
$inner = Import-Module -Assembly $cmdlets -PassThru

# PowerShell issue 20710: importing an assembly for the second time finds its module in a cache and adds no cmdlet to this
# one. Importing what was found does. To be dropped when the oldest supported version does it by itself.
Import-Module -ModuleInfo $inner
