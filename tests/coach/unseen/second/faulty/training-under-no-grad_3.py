import gradbook as torch
from gradbook import nn, optim
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(5)
X = torch.randn(240, 6)
Y = X[:, :3].argmax(1)
dataloaders = {
    'training': DataLoader(TensorDataset(X[:192], Y[:192]), batch_size=32, shuffle=True),
    'validation': DataLoader(TensorDataset(X[192:], Y[192:]), batch_size=48),
}

model = nn.Sequential(nn.Linear(6, 32), nn.ReLU(), nn.Linear(32, 3))
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
num_epochs = 5

for epoch in range(num_epochs):
    for phase in ['training', 'validation']:
        if phase == 'training':
            model.train()
        else:
            model.eval()
        running_loss = 0.0
        for inputs, labels in dataloaders[phase]:
            optimizer.zero_grad()
            with torch.set_grad_enabled(phase == 'train'):  # coach: training-under-no-grad; fix: 'training'
                outputs = model(inputs)
                loss = criterion(outputs, labels)
            if phase == 'training':
                loss.backward()
                optimizer.step()
            running_loss += loss.item() * inputs.size(0)
        print(f'{phase} Loss: {running_loss / len(dataloaders[phase].dataset):.4f}')
# coach-also: nothing-requires-grad
