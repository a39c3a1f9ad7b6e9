"""A small text classifier on a Transformer encoder."""

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class TextClassifier(nn.Module):
    def __init__(self, vocab, classes):
        super().__init__()
        self.embed = nn.Embedding(vocab, 16)
        self.pos = nn.Parameter(torch.zeros(1, 10, 16))
        layer = nn.TransformerEncoderLayer(d_model=16, nhead=2, dim_feedforward=32)  # coach: batch-axis-mixed; fix: batch_first=True
        self.encoder = nn.TransformerEncoder(layer, num_layers=1)
        self.classify = nn.Linear(16, classes)

    def forward(self, ids):
        h = self.encoder(self.embed(ids) + self.pos)
        return self.classify(h.mean(dim=1))


ids = torch.randint(0, 40, (48, 10))
y = torch.randint(0, 3, (48,))
model = TextClassifier(40, 3)
criterion = nn.CrossEntropyLoss()
opt = torch.optim.Adam(model.parameters(), lr=1e-3)
for inputs, targets in DataLoader(TensorDataset(ids, y), batch_size=12, shuffle=True):
    opt.zero_grad()
    criterion(model(inputs), targets).backward()
    opt.step()
