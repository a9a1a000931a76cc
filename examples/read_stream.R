#!/usr/bin/env Rscript
# Read a tensor stream from a file or a pipe with base R alone, and print a summary.
#
#     Rscript examples/read_stream.R patches.sts
#     build/bin/ts-select label=malignant < patches.sts | Rscript examples/read_stream.R
#
# `read_stream` with what stands above it is the whole: copy it into your own program, or source() this file.  It calls
# a function with the tensors (a named list of arrays) and the metadata (a named list of texts) of each record, and
# stops where a stream is cut, a length does not fit its shape, or the trailer counts other records than came.  A record
# counts only once read_stream has returned.
#
# Not checked: checksums, for which base R has no function.  Bytes that changed on a disk go unseen: read from a pipe
# behind ts-cat, which checks them, or use read_stream.py.  Not read: F16, BF16 and whole numbers of U32 and 64 bits.

dtypes <- list(F64 = list("double", 8, TRUE), F32 = list("double", 4, TRUE), I32 = list("integer", 4, TRUE),
               I16 = list("integer", 2, TRUE), U16 = list("integer", 2, FALSE), I8 = list("integer", 1, TRUE),
               U8 = list("integer", 1, FALSE), BOOL = list("integer", 1, FALSE)) # type, bytes, signed

unescape <- function(text) {
  at <- gregexpr("(\\\\u[0-9a-fA-F]{4})+|\\\\.", text, perl = TRUE)
  one <- function(e) switch(substr(e, 2, 2), n = "\n", t = "\t", r = "\r", b = "\b", f = "\f",
    u = intToUtf8(strtoi(strsplit(e, "\\u", fixed = TRUE)[[1]][-1], 16L), allow_surrogate_pairs = TRUE), substr(e, 2, 2))
  regmatches(text, at) <- lapply(regmatches(text, at), function(all) vapply(all, one, ""))
  text
}

# JSON as headers have it: objects become lists, lists of numbers vectors.
read_json <- function(text) {
  tokens <- regmatches(text, gregexpr('"([^"\\\\]|\\\\.)*+"|[0-9]+|[^ ]', text, perl = TRUE))[[1]]
  at <- 0
  take <- function(allowed = tokens) {
    at <<- at + 1
    if (at > length(tokens) || !tokens[at] %in% allowed) stop("a header is not made as it should be")
    tokens[at]
  }
  members <- function(end, one) { # one, one, ... end
    if (tokens[at + 1] %in% end) { take(); return(invisible()) }
    repeat { one(); if (take(c(",", end)) == end) return(invisible()) }
  }
  value <- function() {
    token <- take()
    if (token == "{") {
      all <- list()
      members("}", function() { key <- value(); take(":"); all[[key]] <<- value() })
      all
    } else if (token == "[") {
      all <- numeric()
      members("]", function() all <<- c(all, value()))
      all
    } else if (startsWith(token, '"')) unescape(substr(token, 2, nchar(token) - 1))
    else if (grepl("^[0-9]+$", token)) as.numeric(token)
    else stop("a header is not made as it should be")
  }
  all <- value()
  if (at < length(tokens) || !is.list(all)) stop("a header is not made as it should be")
  all
}

read_tensor <- function(data, t) {
  type <- dtypes[[t$dtype]]
  if (is.null(type)) stop("type ", t$dtype, " is not read here")
  n <- prod(t$shape)
  if (diff(t$data_offsets) != n * type[[2]]) stop("a shape does not fit its bytes")
  v <- readBin(data[t$data_offsets[1] + seq_len(n * type[[2]])], type[[1]], n, type[[2]], type[[3]], "little")
  if (length(t$shape) < 2) v else aperm(array(v, rev(t$shape))) # rows one behind the other; R has columns
}

# read_stream(con, fun): calls fun(tensors, metadata) for each record of the binary connection.
read_stream <- function(con, fun) {
  exactly <- function(n, what) {
    data <- readBin(con, "raw", n)
    if (length(data) < n) stop("cut in the ", what, " (", length(data), " of ", n, " bytes)")
    data
  }
  records <- 0 # of the current segment
  ended <- FALSE
  repeat {
    length8 <- readBin(con, "raw", 8)
    if (length(length8) == 0 && ended) return(invisible())
    if (length(length8) < 8) stop("no trailer: the program before this one failed")
    n <- sum(as.integer(length8) * 256^(0:7))
    if (n > 65536) stop("header of ", n, " bytes: not a tensor stream")
    text <- rawToChar(exactly(n, "header"))
    Encoding(text) <- "UTF-8"
    header <- read_json(text)
    metadata <- as.list(header[["__metadata__"]])
    header[["__metadata__"]] <- NULL
    ended <- length(header) == 0 && !is.null(metadata[["end"]])
    if (ended) {
      if (!identical(metadata[["records"]], as.character(records)))
        stop("the trailer does not fit: ", metadata[["records"]], " records, ", records, " came")
      records <- 0
      next
    }
    size <- max(0, vapply(header, function(t) t$data_offsets[2], 0))
    if (size > 2^26) stop("data of ", size, " bytes: not a tensor stream")
    data <- exactly(size, "data")
    records <- records + 1
    fun(lapply(header, function(t) read_tensor(data, t)), metadata)
  }
}

main <- function(path) {
  if (path != "stdin" && !file.exists(path)) stop(path, ": no such file")
  records <- 0
  labels <- list()
  seen <- list()
  read_stream(file(path, "rb"), function(tensors, metadata) {
    records <<- records + 1
    label <- if (is.null(metadata[["label"]])) "(none)" else metadata[["label"]]
    labels[[label]] <<- sum(labels[[label]], 1)
    for (name in names(tensors)) {
      a <- tensors[[name]]
      key <- paste0(name, " ", typeof(a), " [", paste(if (is.null(dim(a))) length(a) else dim(a), collapse = ", "), "]")
      old <- if (is.null(seen[[key]])) c(0, Inf, -Inf) else seen[[key]]
      seen[[key]] <<- c(old[1] + 1, min(old[2], a), max(old[3], a))
    }
  })
  cat(sprintf("records %d\n", records))
  for (label in names(labels)) cat(sprintf("label %s %d\n", label, labels[[label]]))
  for (key in names(seen)) cat(sprintf("tensor %s in %d, min %.6g, max %.6g\n", key, seen[[key]][1], seen[[key]][2], seen[[key]][3]))
}

if (sys.nframe() == 0) tryCatch(main(c(commandArgs(TRUE), "stdin")[1]), error = function(e) {
  message("read_stream.R: ", conditionMessage(e))
  quit(status = 1)
})
