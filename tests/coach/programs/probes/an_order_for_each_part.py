import gradbook
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, Subset, TensorDataset

gradbook.manual_seed(15)
voices = gradbook.randn(260, 20)
speaker = (voices[:, :5].sum(1) > 0).long()
recordings = TensorDataset(voices, speaker)
n_train = 200
train_part = gradbook.randperm(len(recordings))[:n_train]
test_part = gradbook.randperm(len(recordings))[n_train:]  # coach: leak-suspected; fix: test_part = order[n_train:]
train_loader = DataLoader(Subset(recordings, train_part.tolist()), batch_size=25, shuffle=True)
test_loader = DataLoader(Subset(recordings, test_part.tolist()), batch_size=60)

model = nn.Sequential(nn.Linear(20, 24), nn.ReLU(), nn.Dropout(0.2), nn.Linear(24, 2))
optimizer = gradbook.optim.AdamW(model.parameters(), lr=5e-3)
for epoch in range(6):
    model.train()
    for batch, who in train_loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(batch), who)
        loss.backward()
        optimizer.step()
    model.eval()
    with gradbook.no_grad():
        for batch, who in test_loader:
            print(epoch, (model(batch).argmax(1) == who).float().mean().item())
