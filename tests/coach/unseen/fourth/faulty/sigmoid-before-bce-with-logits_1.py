# %% [data]
import numpy as np
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import TensorDataset, DataLoader

torch.manual_seed(8)
rng = np.random.default_rng(8)
passengers = rng.normal(size=(500, 6)).astype("float32")
survived = (passengers[:, 0] + passengers[:, 1] ** 2 - 1 - 0.5 * passengers[:, 5] > 0).astype("float32")
train_ds = TensorDataset(torch.tensor(passengers[:400]), torch.tensor(survived[:400])[:, None])
test_x, test_y = torch.tensor(passengers[400:]), torch.tensor(survived[400:])[:, None]

# %% [model]
class Titanic(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(6, 32)
        self.fc2 = nn.Linear(32, 16)
        self.fc3 = nn.Linear(16, 1)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


model = Titanic()
criterion = nn.BCEWithLogitsLoss()  # coach-line: sigmoid-before-bce-with-logits
optimizer = torch.optim.Adam(model.parameters(), lr=0.005)

# %% [train]
loader = DataLoader(train_ds, batch_size=32, shuffle=True, drop_last=True)
for epoch in range(8):
    model.train()
    for xb, yb in loader:
        optimizer.zero_grad()
        prob = torch.sigmoid(model(xb))  # coach: sigmoid-before-bce-with-logits; fix: model(xb)
        loss = criterion(prob, yb)  # coach-line: sigmoid-before-bce-with-logits
        loss.backward()
        optimizer.step()
    print("epoch", epoch, "loss", round(loss.item(), 4))

# %% [score]
model.eval()
with torch.no_grad():
    acc = ((torch.sigmoid(model(test_x)) > 0.5).float() == test_y).float().mean()
print("accuracy", acc.item())
