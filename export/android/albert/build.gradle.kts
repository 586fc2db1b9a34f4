// The library: plain Java 8, no dependencies. It needs no Android SDK.
plugins {
    `java-library`
}

tasks.withType<JavaCompile>().configureEach {
    options.encoding = "UTF-8"
    // Not only the level: newer Java has methods, of ByteBuffer for one, that
    // compile to what older Androids do not have.
    options.release.set(8)
}
