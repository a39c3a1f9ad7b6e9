import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(1234)
PAD, VOCAB, MAXLEN, CLASSES = 0, 60, 12, 4


def make_corpus(n):
    topic = torch.randint(0, CLASSES, (n,))
    general = torch.randint(1, VOCAB, (n, MAXLEN))
    topical = 1 + topic.unsqueeze(1) * 14 + torch.randint(0, 14, (n, MAXLEN))
    words = torch.where(torch.rand(n, MAXLEN) < 0.45, topical, general)
    lengths = torch.randint(6, MAXLEN + 1, (n,))
    return words.masked_fill(torch.arange(MAXLEN) >= lengths.unsqueeze(1), PAD), topic


class TextTransformer(nn.Module):
    def __init__(self, d_model=32):
        super().__init__()
        self.emb = nn.Embedding(VOCAB, d_model, padding_idx=PAD)
        self.pos = nn.Embedding(MAXLEN, d_model)
        layer = nn.TransformerEncoderLayer(d_model, nhead=4, dim_feedforward=64, dropout=0.1, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, num_layers=1)
        self.cls = nn.Linear(d_model, CLASSES)

    def forward(self, ids):
        pad = ids == PAD
        x = self.emb(ids) + self.pos(torch.arange(ids.size(1)))
        x = self.encoder(x, src_key_padding_mask=pad)
        keep = (~pad).unsqueeze(-1).float()
        pooled = (x * keep).sum(1) / keep.sum(1)
        return F.softmax(self.cls(pooled), dim=-1)  # coach: softmax-before-cross-entropy; fix: return self.cls(pooled)


train_x, train_y = make_corpus(384)
test_x, test_y = make_corpus(96)
loader = DataLoader(TensorDataset(train_x, train_y), batch_size=48, shuffle=True)
model = TextTransformer()
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)

for epoch in range(6):
    model.train()
    for ids, topic in loader:
        optimizer.zero_grad()
        loss = criterion(model(ids), topic)
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        acc = (model(test_x).argmax(dim=1) == test_y).float().mean().item()
    print(f"epoch {epoch}: loss {loss.item():.3f} acc {acc:.3f}")
