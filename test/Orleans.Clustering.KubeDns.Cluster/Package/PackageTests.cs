using System.IO.Compression;
using System.Reflection.Metadata;
using System.Xml.Linq;
using Orleans.Clustering.KubeDns.Cluster.Processes;
using Xunit;

namespace Orleans.Clustering.KubeDns.Cluster.Package;

/// <summary>What others install: what is in the package, and that a copy of SiloApp runs on it.</summary>
public sealed class PackageTests(PackedLibrary packed) : IClassFixture<PackedLibrary>
{
    private const string Id = "Orleans.Clustering.KubeDns";

    /// <summary>Of the portable PDB format: a document's own text.</summary>
    private static readonly Guid EmbeddedSource = Guid.Parse("0E8A571B-6926-466E-B4AD-8AB04611F5FE");

    [Fact]
    public void It_holds_the_library_its_documentation_and_its_pages_and_nothing_else()
    {
        using var package = packed.Open("nupkg");

        Assert.Equal(
            ["CHANGELOG.md", $"{Id}.nuspec", "README.md", $"lib/net10.0/{Id}.dll", $"lib/net10.0/{Id}.xml"],
            Files(package).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void It_says_what_it_is_what_it_needs_and_under_which_licence()
    {
        using var package = packed.Open("nupkg");
        using var stream = package.GetEntry($"{Id}.nuspec")!.Open();
        var nuspec = XDocument.Load(stream);
        string? Of(string name) => nuspec.Descendants().FirstOrDefault(each => each.Name.LocalName == name)?.Value;

        Assert.Equal((Id, packed.Version), (Of("id"), Of("version")));
        Assert.Equal(("MIT", "README.md"), (Of("license"), Of("readme")));
        Assert.NotEmpty(Of("description")!);
        Assert.Equal(
            ["DnsClient 1.8.0", "Microsoft.Orleans.Runtime 10.4.2", "Microsoft.Orleans.Sdk 10.4.2"],
            nuspec.Descendants().Where(each => each.Name.LocalName == "dependency")
                .Select(each => $"{each.Attribute("id")!.Value} {each.Attribute("version")!.Value}").Order());
    }

    // Whoever steps into it sees the text that was compiled, wherever that is kept.
    [Fact]
    public void Its_symbols_hold_the_text_of_every_file()
    {
        using var symbols = packed.Open("snupkg");
        using var pdb = new MemoryStream();
        using (var entry = symbols.GetEntry($"lib/net10.0/{Id}.pdb")!.Open()) entry.CopyTo(pdb);
        pdb.Position = 0;
        using var provider = MetadataReaderProvider.FromPortablePdbStream(pdb);
        var reader = provider.GetMetadataReader();

        Assert.NotEmpty(reader.Documents);
        Assert.All(reader.Documents, document => Assert.Contains(
            reader.GetCustomDebugInformation(document),
            information => reader.GetGuid(reader.GetCustomDebugInformation(information).Kind) == EmbeddedSource));
    }

    [Fact]
    public async Task A_copy_of_SiloApp_is_built_on_it_and_two_of_them_form_a_cluster()
    {
        var app = CopySiloApp();
        await packed.DotnetAsync(
            app, "build", "-c", "Release", "-v", "q", "--nologo",
            $"-p:RestoreAdditionalProjectSources={packed.Source}",
            $"-p:RestoreFallbackFolders={Programs.GlobalPackages}", "-o", Path.Combine(app, "out"));

        await using var silos = await SiloProcesses.StartAsync(Path.Combine(app, "out", "SiloApp.dll"), 2);

        await silos.UntilAllAgreeAsync(120);
    }

    private static IEnumerable<string> Files(ZipArchive package) => package.Entries.Select(entry => entry.FullName)
        .Where(name => !name.StartsWith("_rels/", StringComparison.Ordinal)
            && !name.StartsWith("package/", StringComparison.Ordinal) && name != "[Content_Types].xml");

    // As its project file says: the reference becomes one to the package, and the versions are taken along.
    private string CopySiloApp()
    {
        var copy = Path.Combine(packed.Folder, "SiloApp");
        var original = Path.Combine(Programs.Repository, "samples", "SiloApp");
        foreach (var file in Directory.EnumerateFiles(original, "*", SearchOption.AllDirectories))
        {
            var name = Path.GetRelativePath(original, file);
            if (name.Split(Path.DirectorySeparatorChar)[0] is "bin" or "obj") continue;
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(copy, name))!);
            File.Copy(file, Path.Combine(copy, name));
        }

        foreach (var file in (string[])["Directory.Build.props", "Directory.Packages.props"])
            File.Copy(Path.Combine(Programs.Repository, file), Path.Combine(copy, file));
        var project = Path.Combine(copy, "SiloApp.csproj");
        var text = File.ReadAllText(project);
        var reference = text.Split('\n').Single(line => line.Contains("<ProjectReference ")).Trim();
        File.WriteAllText(project, text.Replace(
            reference, $"<PackageReference Include=\"{Id}\" VersionOverride=\"{packed.Version}\" />"));
        return copy;
    }
}
