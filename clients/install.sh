# shellcheck shell=bash disable=SC2154
# What the clients of clients/run need, installed once into the cache. Each install_NAME prints
# the reason on stdout when it fails; progress goes to stderr.

# aws_v2: the path of an AWS CLI v2. Debian's own comes first, since that is the one pinned by
# the release; a v1 that shadows it on the PATH is passed over.
aws_v2() {
  local path
  for path in /usr/bin/aws $(type -ap aws); do
    if [[ -x $path && $("$path" --version 2>&1) == aws-cli/2.* ]]; then
      echo "$path"
      return 0
    fi
  done
  return 1
}

# The directories carry a sum of what was asked for: another pin is another directory, and a
# half-made one is never taken for whole.
sum() { cat "$@" | sha256sum | cut -c1-16; }
venv() { echo "$cache/python-$(sum "$here/python/requirements.txt")"; }
node_modules() { echo "$cache/js-$(sum "$here"/js/package*.json)/node_modules"; }

# debian PACKAGE...: installs packages. Several clients may ask at once, hence the lock.
debian() {
  if ! type -p apt-get >/dev/null; then
    echo "needs $* and this is not Debian"
    return 1
  elif [[ $(id -u) != 0 ]]; then
    echo "needs $* (apt-get install $*), and only root can install them"
    return 1
  fi
  (
    flock 9
    # One update for a run: the lists of a bare machine are empty.
    [[ -e $work/apt-updated ]] || apt-get update -qq >&2 && : >"$work/apt-updated"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
  ) 9>"$cache/apt.lock" && return 0
  echo "apt-get could not install $*"
  return 1
}

install_cli_v2() {
  aws_v2 >/dev/null || debian awscli || return 1
  aws_v2 >/dev/null && return 0
  echo "the package awscli brought no AWS CLI v2"
  return 1
}

# python_venv: both Python clients share one environment, hence the lock.
python_venv() {
  local dir
  dir=$(venv)
  if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then debian python3 python3-venv || return 1; fi
  (
    flock 9
    [[ -e $dir/complete ]] && exit 0
    rm -rf "$dir"
    python3 -m venv "$dir" >&2 && "$dir/bin/pip" install --quiet -r "$here/python/requirements.txt" >&2 && : >"$dir/complete"
  ) 9>"$cache/python.lock" && return 0
  echo "pip could not install the pinned packages"
  return 1
}

install_cli_v1() { python_venv; }

# install_boto3: and openssl, which makes the certificate of the hub that serves HTTPS.
install_boto3() {
  python_venv || return 1
  [[ $modes == *" tls "* ]] || return 0
  type -p openssl >/dev/null || debian openssl || return 1
  certificates >&2 && return 0
  echo "openssl could not make the certificates"
  return 1
}

install_js() {
  local dir major
  dir=$(dirname "$(node_modules)")
  if ! type -p node >/dev/null || ! type -p npm >/dev/null; then debian nodejs npm || return 1; fi
  major=$(node -p 'process.versions.node.split(".")[0]')
  if ((major < 18)); then
    echo "needs Node.js 18 or later, found $major"
    return 1
  fi
  (
    flock 9
    [[ -e $dir/complete ]] && exit 0
    rm -rf "$dir" && mkdir -p "$dir" && cp "$here"/js/package*.json "$dir/" && cd "$dir" || exit 1
    npm ci --no-audit --no-fund --ignore-scripts >&2 && : >complete
  ) 9>"$cache/js.lock" && return 0
  echo "npm could not install the pinned packages"
  return 1
}

# The JVM's clients: a project is copied into the cache, where it is compiled, and carries the
# sum of its sources. The repository of Maven keeps versions apart by itself.
java_project() { echo "$cache/java-$(sum "$here"/java/*)"; }
kotlin_project() { echo "$cache/kotlin-$(sum "$here/kotlin/pom.xml" "$here"/kotlin/src/* "$FINDINGHUB_SHARED"/reference/seeds/004_*.txt)"; }

# maven DIRECTORY GOAL...: without colours, whose codes would hide the start of a line.
maven() { (cd "$1" && shift && mvn -q -B -Dstyle.color=never -Dmaven.repo.local="$cache/m2" "$@" >&2); }

# resolve NAME DIRECTORY: brings what the client's pom asks for, and keeps the class path. One
# Maven at a time, since the repository is shared.
resolve() {
  if ! type -p javac >/dev/null || ! type -p mvn >/dev/null; then debian default-jdk-headless maven || return 1; fi
  (
    flock 9
    [[ -e $2/classpath ]] && exit 0
    mkdir -p "$2" && cp -r "$here/$1/." "$2/" || exit 1
    # -U: what was not there the last time may have been published since.
    maven "$2" -U dependency:build-classpath -Dmdep.outputFile=classpath.new || exit 1
    mv "$2/classpath.new" "$2/classpath"
  ) 9>"$cache/maven.lock" && return 0
  echo "Maven could not resolve the dependencies"
  return 1
}

# java_classes: compiles what the last run has not, and prints the class path.
java_classes() {
  local dir
  dir=$(java_project)
  (
    flock 9
    [[ -e $dir/compiled ]] && exit 0
    javac -proc:none -d "$dir/classes" -cp "$(cat "$dir/classpath")" "$dir"/*.java >&2 && : >"$dir/compiled"
  ) 9>"$cache/java.lock" || return 1
  echo "$dir/classes:$(cat "$dir/classpath")"
}

install_java() { resolve java "$(java_project)"; }

# install_kotlin resolves what the compiler will need. Compiling is part of the test: a sample
# that does not compile has failed, and is not skipped.
install_kotlin() {
  local reason
  reason=$(resolve kotlin "$(kotlin_project)") && return 0
  if grep -qE '(Could not find artifact aws.sdk.kotlin:securityhub-jvm|aws.sdk.kotlin:securityhub-jvm:jar:\S+ was not found)' "$work/kotlin.install"; then
    reason="aws.sdk.kotlin:securityhub-jvm is not in the Maven repository that this machine reaches"
  fi
  echo "$reason"
  return 1
}

# kotlin_sample: the seed's sample as a function. It is printed as the body of a main that takes
# its client from somewhere; nothing between its marks is touched.
kotlin_sample() {
  local seed
  seed=$(cat "$FINDINGHUB_SHARED"/reference/seeds/004_*.txt) || return 1
  echo 'package clients'
  echo 'import aws.sdk.kotlin.services.securityhub.SecurityHubClient'
  echo 'import aws.sdk.kotlin.services.securityhub.batchImportFindings'
  echo 'import aws.sdk.kotlin.services.securityhub.model.BatchImportFindingsResponse'
  grep '^import ' <<<"$seed"
  echo 'suspend fun seedSample(securityHubClient: SecurityHubClient): BatchImportFindingsResponse {'
  sed -n '/sampleStart/,/sampleEnd/p' <<<"$seed"
  echo 'return resp'
  echo '}'
}

# kotlin_classes: compiles what the last run has not, and prints the class path.
kotlin_classes() {
  local dir
  dir=$(kotlin_project)
  (
    flock 9
    [[ -e $dir/compiled ]] && exit 0
    kotlin_sample >"$dir/src/Sample.kt" && maven "$dir" compile && : >"$dir/compiled"
  ) 9>"$cache/maven.lock" || return 1
  echo "$dir/target/classes:$(cat "$dir/classpath")"
}
