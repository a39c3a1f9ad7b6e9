import gradbook as torch
from gradbook import nn

embedding = nn.Embedding(10, 4)  # coach: index-out-of-range; fix: embedding = nn.Embedding(11, 4)
tokens = torch.tensor([[1, 5, 10]])
embedding(tokens)
