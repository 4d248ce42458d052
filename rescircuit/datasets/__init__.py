"""Data sets: the digits that come with scikit-learn, and MNIST and its like from IDX files, fetched and checked."""

from rescircuit.datasets.catalogue import DATASETS, Dataset, DatasetFile, find_dataset
from rescircuit.datasets.digits import Digits, load_digits, train_perceptron
from rescircuit.datasets.fetching import FetchError, fetch_dataset
from rescircuit.datasets.folders import FileState, check_dataset, data_folder, find_file
from rescircuit.datasets.idx import read_idx
from rescircuit.datasets.images import Images, load_fashion_mnist, load_images, load_mnist

__all__ = [
    "DATASETS",
    "Dataset",
    "DatasetFile",
    "Digits",
    "FetchError",
    "FileState",
    "Images",
    "check_dataset",
    "data_folder",
    "fetch_dataset",
    "find_dataset",
    "find_file",
    "load_digits",
    "load_fashion_mnist",
    "load_images",
    "load_mnist",
    "read_idx",
    "train_perceptron",
]
