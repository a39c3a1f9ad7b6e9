import gradbook as torch
from gradbook import nn, optim
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
n_classes = 4
labels = torch.randint(0, n_classes, (320,))
X = torch.randn(320, 8)
X[torch.arange(320), labels] += 2.5
loader = DataLoader(TensorDataset(X, labels), batch_size=32, shuffle=True)

model = nn.Sequential(
    nn.Linear(8, 32),
    nn.ReLU(),
    nn.Linear(32, n_classes),
    nn.Softmax(dim=1),  # coach: softmax-before-cross-entropy
)
loss_function = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=0.01)

for epoch in range(5):
    for x, y in loader:
        optimizer.zero_grad()
        loss = loss_function(model(x), y)
        loss.backward()
        optimizer.step()
    print("Epoch", epoch, "loss", loss.item())
